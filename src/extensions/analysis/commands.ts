import type { ModuleCommand } from '../module-command.ts'

export const ANALYSIS_COMMANDS: readonly ModuleCommand[] = [
  {
    name: 'approvals',
    nouns: async () => [(await import('./operations.ts')).APPROVAL_SUGGESTIONS],
  },
  {
    name: 'policy',
    async nouns() {
      const { POLICY_ANALYSIS, POLICY_SHADOW } = await import('./operations.ts')
      return [POLICY_ANALYSIS, POLICY_SHADOW]
    },
  },
]
