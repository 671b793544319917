import { aside } from '../lib/worker-task.ts'
import type { OnlyValidation } from './check-set.ts'
import type { OnlySetText } from './only-set.ts'

const MAX_MS = 120_000

/** `checkOnlySet` in a thread of its own. */
const inThread = aside<OnlySetText, OnlyValidation>(import.meta.url, 'check-set-thread', MAX_MS)

/** Checks a set for mistakes; when the evaluator itself fails on the set, that is the mistake. */
export async function checkOnlySetAside(set: OnlySetText): Promise<OnlyValidation> {
  try {
    return await inThread(set)
  } catch {
    const message = 'the set is too deeply nested or too large to be checked'
    return { mistakes: [{ part: 'policies', message }], warnings: [], policies: set.policies }
  }
}
