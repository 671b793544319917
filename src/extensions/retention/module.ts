import type { Module } from '../module.ts'
import type { RETENTION_MODULE_OPERATIONS } from './acts.ts'
import { RETENTION_COMMANDS } from './commands.ts'
import { RetentionProblem } from './problems.ts'
import { RETENTION_SETTINGS, retentionContradictions, rulesIn } from './settings.ts'
import { RETENTION_TABLES } from './tables.ts'

/** Old rows and words go by rule; legal holds keep them; a person's data goes when they ask. */
export const RETENTION: Module<typeof RETENTION_SETTINGS, typeof RETENTION_MODULE_OPERATIONS> = {
  name: 'retention',
  settings: RETENTION_SETTINGS,
  problems: RetentionProblem.declared,
  contradictions: retentionContradictions,
  tables: RETENTION_TABLES.tables,
  commands: RETENTION_COMMANDS,
  operations: async () => (await import('./acts.ts')).RETENTION_MODULE_OPERATIONS,
  async open({ master, settings }) {
    const { beginRetention, continueErasures, sweep } = await import('./index.ts')
    const { retentionOperations } = await import('./acts.ts')
    const rules = rulesIn(settings)
    return {
      begin: beginRetention,
      operations: (centre) => retentionOperations({ retention: { ...centre, rules } }),
      removals: (centre, round) => [
        { name: 'erasures', run: () => continueErasures({ ...centre, master, rules }, round) },
        ...(settings.retention === 'on'
          ? [{ name: 'retention', run: () => sweep({ ...centre, rules }, round) }]
          : []),
      ],
    }
  },
}
