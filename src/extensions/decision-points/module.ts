import type { Module } from '../module.ts'
import type { POINT_OPERATIONS } from './acts.ts'
import { DECISION_POINT_COMMANDS } from './commands.ts'
import { DecisionPointProblem } from './problems.ts'
import { DECISION_POINT_TABLES } from './tables.ts'

const SETTINGS = {}

/** Services of others are asked about calls; their answers can only reduce what is permitted. */
export const DECISION_POINTS: Module<typeof SETTINGS, typeof POINT_OPERATIONS> = {
  name: 'decision points',
  settings: SETTINGS,
  problems: DecisionPointProblem.declared,
  tables: DECISION_POINT_TABLES.tables,
  sealed: async () => (await import('./decision-point.ts')).DECISION_POINTS_SEALED,
  commands: DECISION_POINT_COMMANDS,
  operations: async () => (await import('./acts.ts')).POINT_OPERATIONS,
  open: async (ground) => (await import('./open.ts')).openDecisionPoints(ground),
}
