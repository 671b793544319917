import type { Module } from '../module.ts'
import type { AUTHZEN_OPERATIONS } from './acts.ts'
import { AUTHZEN_COMMANDS } from './commands.ts'
import { AuthzenProblem } from './problems.ts'
import { AUTHZEN_TABLES } from './tables.ts'

const SETTINGS = {}

/**
 * Enforcement points of others ask here by AuthZEN: about tasks, by sets of policies of their own, and about tokens that other servers
 * issue. Denials can be submitted to people.
 */
export const AUTHZEN: Module<typeof SETTINGS, typeof AUTHZEN_OPERATIONS> = {
  name: 'AuthZEN',
  settings: SETTINGS,
  problems: AuthzenProblem.declared,
  tables: AUTHZEN_TABLES.tables,
  sealed: async () => (await import('./submissions/index.ts')).SUBMISSIONS_SEALED,
  commands: AUTHZEN_COMMANDS,
  operations: async () => (await import('./acts.ts')).AUTHZEN_OPERATIONS,
  open: async (ground) => (await import('./open.ts')).openAuthzen(ground),
}
