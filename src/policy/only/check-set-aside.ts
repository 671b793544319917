import { aside } from '../../lib/aside.ts'
import type { OnlyValidation } from './check-set.ts'
import type { OnlySetText } from './only-set.ts'

const MOST_MS = 120_000

/** `checkOnlySet` in a thread of its own. */
const inThread = aside<OnlySetText, OnlyValidation>(import.meta.url, 'check-set-thread', MOST_MS)

/** Checks a set for mistakes; when the evaluator itself fails on the set, that is the mistake. */
export async function checkOnlySetAside(set: OnlySetText): Promise<OnlyValidation> {
  try {
    return await inThread(set)
  } catch {
    const message = 'the set is too deeply nested or too large to be checked'
    return { mistakes: [{ part: 'policies', message }], warnings: [], policies: set.policies }
  }
}
