import type { ModuleCommand } from '../module-command.ts'

export const DECISION_POINT_COMMANDS: readonly ModuleCommand[] = [
  {
    name: 'decision-points',
    behind: 'clients',
    nouns: async () => [(await import('./operations.ts')).DECISION_POINTS],
  },
]
