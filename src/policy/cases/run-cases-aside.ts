import { aside } from '../../lib/aside.ts'
import type { CaseReport, runCases } from './run-cases.ts'

const MOST_MS = 120_000

/** `runCases` in a thread of its own. */
export const runCasesAside = aside<Parameters<typeof runCases>[0], CaseReport>(
  import.meta.url,
  'run-cases-thread',
  MOST_MS,
)
