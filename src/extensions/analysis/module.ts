import type { Module } from '../module.ts'
import type { ANALYSIS_OPERATIONS } from './acts.ts'
import { ANALYSIS_COMMANDS } from './commands.ts'
import { AnalysisProblem } from './problems.ts'
import { ANALYSIS_TABLES } from './tables.ts'

const SETTINGS = {}

/** Analysis of decisions: the answers that other rules would have given, in replays and as drafts beside the policies, and suggestions. */
export const ANALYSIS: Module<typeof SETTINGS, typeof ANALYSIS_OPERATIONS> = {
  name: 'analysis',
  settings: SETTINGS,
  problems: AnalysisProblem.declared,
  tables: ANALYSIS_TABLES.tables,
  commands: ANALYSIS_COMMANDS,
  operations: async () => (await import('./acts.ts')).ANALYSIS_OPERATIONS,
  open: async (ground) => (await import('./open.ts')).openAnalysis(ground),
}
