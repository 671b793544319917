import { badDocument } from '../../catalog/argument-types/index.ts'
import {
  type ImportOptions,
  type ImportPlan,
  unpackPlan,
} from '../../catalog/catalog-changes/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { workerTask } from '../../platform/lib/worker-task.ts'
import type { planPackedGraphqlImport } from './plan-graphql-import.ts'

const plan = workerTask<typeof planPackedGraphqlImport>({
  ...{ base: import.meta.url, file: 'plan-graphql-import', name: 'planPackedGraphqlImport' },
  maxMs: 120_000,
})

/** `planGraphqlImport` in a thread, for servers: a large schema takes seconds to read. Throws like it. */
export async function planGraphqlImportInWorker(
  source: unknown,
  options: ImportOptions,
): Promise<ImportPlan> {
  try {
    return await unpackPlan(await plan(source, options))
  } catch (error) {
    if (error instanceof Problem) throw error
    throw badDocument('the schema is too large or too deeply nested to be read', error)
  }
}
