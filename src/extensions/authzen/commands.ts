import type { ModuleCommand } from '../module-command.ts'

export const AUTHZEN_COMMANDS: readonly ModuleCommand[] = [
  {
    name: 'policy-sets',
    behind: 'policy',
    nouns: async () => [(await import('./policy-only/operations.ts')).POLICY_SETS],
  },
  {
    name: 'clients',
    nouns: async () => [(await import('./submissions/operations.ts')).CLIENT_CALLBACK],
  },
]
