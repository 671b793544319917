import type { Module } from '../module.ts'
import { ArchiveProblem } from './problems.ts'
import { ARCHIVE_SETTINGS, archiveContradictions } from './settings.ts'
import { ARCHIVE_TABLES } from './tables.ts'

/** Old records of the ledger leave the database as sealed tiles, and are read from where they went. */
export const ARCHIVE: Module<typeof ARCHIVE_SETTINGS> = {
  name: 'archive',
  settings: ARCHIVE_SETTINGS,
  problems: ArchiveProblem.declared,
  tables: ARCHIVE_TABLES.tables,
  contradictions: archiveContradictions,
  open: async (ground) => (await import('./open.ts')).openArchive(ground),
  checks: [
    {
      id: 'archive',
      page: 'operations/retention.md',
      look: async (examined) => (await import('./check.ts')).checkArchive(examined),
    },
  ],
}
