import { isObject, type JsonObject, parseJson } from '../../../platform/lib/json.ts'
import type { McpDescription } from '../../../platform/net/index.ts'
import { type PackedPlan, packPlan } from '../packed-plan.ts'
import type { ImportOptions } from '../plan-resource.ts'
import { MAX_CHARACTERS, planMcpImport } from './plan-mcp-import.ts'

/** Description on its way into a thread: exact numbers would lose their class, text does not. */
export type PackedDescription = Omit<McpDescription, List> & {
  readonly [list in List]: readonly string[]
}
type List = 'tools' | 'prompts' | 'resources' | 'resourceTemplates'

/** Plans the import of a packed description, for another thread. */
export function planPackedMcpImport(
  description: PackedDescription,
  options: ImportOptions,
): PackedPlan {
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
