import { aside } from '../../lib/worker-task.ts'
import type { CaseReport, runCases } from './run-cases.ts'

const MAX_MS = 120_000

/** `runCases` in a thread of its own. */
export const runCasesAside = aside<Parameters<typeof runCases>[0], CaseReport>(
  import.meta.url,
  'run-cases-thread',
  MAX_MS,
)
