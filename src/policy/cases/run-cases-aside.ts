import { aside } from '../../lib/aside.ts'
import type { TestSource } from './case.ts'
import type { CaseReport } from './run-cases.ts'

const MOST_MS = 120_000

/** `runCases` in a thread of its own. */
export const runCasesAside = aside<
  { text: string; schema: string; tests: readonly TestSource[] },
  CaseReport
>(import.meta.url, 'run-cases-thread', MOST_MS)
