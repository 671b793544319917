import type { ModuleCommand } from '../module-command.ts'

const behind = 'doctor'

export const BACKUP_COMMANDS: readonly ModuleCommand[] = [
  {
    ...{ name: 'backup', behind },
    load: async () => (await import('./commands/restore.ts')).backupCommand,
  },
  {
    ...{ name: 'restore', behind },
    load: async () => (await import('./commands/restore.ts')).restoreCommand,
  },
  {
    ...{ name: 'clock', behind },
    load: async () => (await import('./commands/clock.ts')).clockCommand,
  },
  {
    ...{ name: 'export', behind },
    load: async () => (await import('./commands/move.ts')).exportCommand,
  },
  {
    ...{ name: 'import', behind },
    load: async () => (await import('./commands/move.ts')).importCommand,
  },
]
