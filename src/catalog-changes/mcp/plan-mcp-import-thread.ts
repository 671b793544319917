import { isObject, type JsonObject, parseJson } from '../../lib/json.ts'
import { answerAside } from '../../lib/worker-task.ts'
import { packPlan } from '../packed-plan.ts'
import type { ImportOptions } from '../plan-resource.ts'
import { MAX_CHARACTERS, planMcpImport } from './plan-mcp-import.ts'
import type { PackedDescription } from './plan-mcp-import-aside.ts'

answerAside((input: { description: PackedDescription; options: ImportOptions }) => {
  const { description, options } = input
  const { prompts, resources, resourceTemplates, tools } = description
  const unpacked = {
    ...description,
    tools: tools.map(unpack),
    prompts: prompts.map(unpack),
    resources: resources.map(unpack),
    resourceTemplates: resourceTemplates.map(unpack),
  }
  return packPlan(planMcpImport(unpacked, options))
})

function unpack(text: string): JsonObject {
  const item = parseJson(text, { bytes: 4 * MAX_CHARACTERS })
  if (!isObject(item)) throw new TypeError('not an object')
  return item
}
