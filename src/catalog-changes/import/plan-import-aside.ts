import { Problem } from '../../lib/problem.ts'
import { aside } from '../../lib/worker-task.ts'
import { bad } from '../../schemas/index.ts'
import { type PackedPlan, unpackPlan } from '../packed-plan.ts'
import type { ImportOptions, ImportPlan } from '../plan-resource.ts'

const MAX_MS = 120_000

interface Planned {
  readonly document: unknown
  readonly options: ImportOptions
}

const inThread = aside<Planned, PackedPlan>(import.meta.url, 'plan-import-thread', MAX_MS)

/** `planImport` in a thread of its own, for servers: a large document takes seconds to read. Throws like it. */
export async function planImportAside(input: Planned): Promise<ImportPlan> {
  try {
    return await unpackPlan(await inThread(input))
  } catch (error) {
    if (error instanceof Problem) throw error
    // The thread ran out of time, of stack or of memory.
    throw bad('the document is too large or too deeply nested to be read', error)
  }
}
