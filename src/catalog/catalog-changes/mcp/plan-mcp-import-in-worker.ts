import { mapInSteps } from '../../../platform/lib/in-steps.ts'
import { isObject, type JsonObject, parseJson, printJson } from '../../../platform/lib/json.ts'
import { workerTask } from '../../../platform/lib/worker-task.ts'
import type { McpDescription } from '../../../platform/net/index.ts'
import { badDocument } from '../../argument-types/index.ts'
import { type PackedPlan, packPlan, unpackPlan } from '../packed-plan.ts'
import type { ImportOptions, ImportPlan } from '../plan-resource.ts'
import { MAX_CHARACTERS, planMcpImport } from './plan-mcp-import.ts'

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

/** Description on its way into a thread: exact numbers would lose their class, text does not. */
type PackedDescription = Omit<McpDescription, List> & {
  readonly [list in List]: readonly string[]
}

type List = 'tools' | 'prompts' | 'resources' | 'resourceTemplates'

/** Plans the import of a packed description, for another thread. */
function planPackedMcpImport(description: PackedDescription, options: ImportOptions): PackedPlan {
  const { prompts, resources, resourceTemplates, tools } = description
  const unpacked = {
    ...description,
    tools: tools.map(unpack),
    prompts: prompts.map(unpack),
    resources: resources.map(unpack),
    resourceTemplates: resourceTemplates.map(unpack),
  }
  return packPlan(planMcpImport(unpacked, options))
}

function unpack(text: string): JsonObject {
  const item = parseJson(text, { bytes: 4 * MAX_CHARACTERS })
  if (!isObject(item)) throw new TypeError('not an object')
  return item
}
