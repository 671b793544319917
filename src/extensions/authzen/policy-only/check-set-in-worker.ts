import { workerTask } from '../../../platform/lib/worker-task.ts'
import type { checkOnlySet, OnlyValidation } from './check-set.ts'
import type { OnlySetText } from './only-set.ts'

const check = workerTask<typeof checkOnlySet>({
  ...{ base: import.meta.url, file: 'check-set', name: 'checkOnlySet', maxMs: 120_000 },
})

/** Checks a set for mistakes; when the evaluator itself fails on the set, that is the mistake. */
export async function checkOnlySetInWorker(set: OnlySetText): Promise<OnlyValidation> {
  try {
    return await check(set)
  } catch {
    const message = 'the set is too deeply nested or too large to be checked'
    return { mistakes: [{ part: 'policies', message }], warnings: [], policies: set.policies }
  }
}
