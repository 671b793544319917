import type { Module } from '../module.ts'
import type { ANALYSIS_OPERATIONS } from './acts.ts'

const SETTINGS = {}

/** What other rules would have answered is found from decisions: replays, drafts beside the policies, suggestions. */
export const ANALYSIS: Module<typeof SETTINGS, typeof ANALYSIS_OPERATIONS> = {
  name: 'analysis',
  settings: SETTINGS,
  operations: async () => (await import('./acts.ts')).ANALYSIS_OPERATIONS,
  open: async (ground) => (await import('./open.ts')).openAnalysis(ground),
}
