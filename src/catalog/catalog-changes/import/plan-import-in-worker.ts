import { Problem } from '../../../platform/lib/problem.ts'
import { workerTask } from '../../../platform/lib/worker-task.ts'
import { badDocument } from '../../argument-types/index.ts'
import { unpackPlan } from '../packed-plan.ts'
import type { ImportOptions, ImportPlan } from '../plan-resource.ts'
import type { planPackedImport } from './plan-import.ts'

const plan = workerTask<typeof planPackedImport>({
  ...{ base: import.meta.url, file: 'plan-import', name: 'planPackedImport', maxMs: 120_000 },
})

/** `planImport` in a thread, for servers: a large document takes seconds to read. Throws like it. */
export async function planImportInWorker(
  document: unknown,
  options: ImportOptions,
): Promise<ImportPlan> {
  try {
    return await unpackPlan(await plan(document, options))
  } catch (error) {
    if (error instanceof Problem) throw error
    // The thread ran out of time, of stack or of memory.
    throw badDocument('the document is too large or too deeply nested to be read', error)
  }
}
