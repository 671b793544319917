import { mapInSteps } from '../../../platform/lib/in-steps.ts'
import { type JsonObject, printJson } from '../../../platform/lib/json.ts'
import { workerTask } from '../../../platform/lib/worker-task.ts'
import type { McpDescription } from '../../../platform/net/index.ts'
import { badDocument } from '../../argument-types/index.ts'
import { unpackPlan } from '../packed-plan.ts'
import type { ImportOptions, ImportPlan } from '../plan-resource.ts'
import type { planPackedMcpImport } from './packed-description.ts'
import { MAX_CHARACTERS } from './plan-mcp-import.ts'

const plan = workerTask<typeof planPackedMcpImport>({
  base: import.meta.url,
  file: 'packed-description',
  name: 'planPackedMcpImport',
  maxMs: 120_000,
})

/**
 * `planMcpImport` in a thread of its own, for servers: a server can say things about itself that take seconds to read, and until then
 * nothing else would be done here.
 */
export async function planMcpImportInWorker(
  description: McpDescription,
  options: ImportOptions,
): Promise<ImportPlan> {
  let left = MAX_CHARACTERS
  const pack = (items: readonly JsonObject[]) =>
    mapInSteps(items, (item) => {
      const text = printJson(item)
      left -= text.length
      if (left < 0)
        throw badDocument(`the server's description is longer than ${MAX_CHARACTERS} characters`)
      return text
    })
  const { prompts, resources, resourceTemplates, tools } = description
  const packed = {
    ...description,
    tools: await pack(tools),
    prompts: await pack(prompts),
    resources: await pack(resources),
    resourceTemplates: await pack(resourceTemplates),
  }
  return unpackPlan(await plan(packed, options))
}
