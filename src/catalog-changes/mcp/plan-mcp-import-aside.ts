import { mapInSteps } from '../../lib/in-steps.ts'
import { type JsonObject, printJson } from '../../lib/json.ts'
import { aside } from '../../lib/worker-task.ts'
import type { McpDescription } from '../../net/index.ts'
import { bad } from '../../schemas/index.ts'
import { type PackedPlan, unpackPlan } from '../packed-plan.ts'
import type { ImportOptions, ImportPlan } from '../plan-resource.ts'
import { MAX_CHARACTERS } from './plan-mcp-import.ts'

const MAX_MS = 120_000

/** A description as it gets into a thread: exact numbers would lose their class on the way, text does not. */
export type PackedDescription = Omit<McpDescription, List> & {
  readonly [list in List]: readonly string[]
}
type List = 'tools' | 'prompts' | 'resources' | 'resourceTemplates'

const plan: (input: {
  readonly description: PackedDescription
  readonly options: ImportOptions
}) => Promise<PackedPlan> = aside(import.meta.url, 'plan-mcp-import-thread', MAX_MS)

/**
 * `planMcpImport` in a thread of its own, for servers: a server can say things about itself that take seconds to read, and until then
 * nothing else would be done here.
 */
export async function planMcpImportAside(input: {
  readonly description: McpDescription
  readonly options: ImportOptions
}): Promise<ImportPlan> {
  const { description, options } = input
  let left = MAX_CHARACTERS
  const pack = (items: readonly JsonObject[]) =>
    mapInSteps(items, (item) => {
      const text = printJson(item)
      left -= text.length
      if (left < 0)
        throw bad(`the server's description is longer than ${MAX_CHARACTERS} characters`)
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
  return unpackPlan(await plan({ description: packed, options }))
}
