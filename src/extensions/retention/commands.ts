import type { ModuleCommand } from '../module-command.ts'

export const RETENTION_COMMANDS: readonly ModuleCommand[] = [
  {
    name: 'ledger',
    nouns: async () => [(await import('./operations.ts')).LEDGER_ERASURE],
  },
  {
    name: 'retention',
    behind: 'ledger',
    nouns: async () => [(await import('./operations.ts')).RETENTION],
  },
]
