import type { Module } from '../module.ts'
import { BACKUP_COMMANDS } from './commands.ts'
import { BackupProblem } from './problems.ts'

const SETTINGS = {}

/** Backups of the whole database, restored so that nothing comes to life again that was revoked; and moves to another database. */
export const BACKUP: Module<typeof SETTINGS> = {
  name: 'backup',
  settings: SETTINGS,
  problems: BackupProblem.declared,
  commands: BACKUP_COMMANDS,
  open: async () => ({}),
  checks: [
    {
      id: 'backups',
      page: 'operations/backup.md',
      look: async (examined) => (await import('./check-age.ts')).checkBackupAge(examined),
    },
  ],
}
