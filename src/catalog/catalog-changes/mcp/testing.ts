import { type JsonObject, parseJson } from '../../../platform/lib/json.ts'
import type { McpDescription } from '../../../platform/net/index.ts'
import type { Action } from '../../catalog/resource.ts'
import type { ImportPlan } from '../plan-resource.ts'
import { planMcpImport } from './plan-mcp-import.ts'

export const DESK_OPTIONS = {
  name: 'desk',
  identifier: 'http://127.0.0.1:7481/desk',
  upstream: 'http://127.0.0.1:7484/mcp',
} as const

/** Parses a value as it comes off the wire. */
export function fromWire(value: unknown): JsonObject {
  const json = parseJson(JSON.stringify(value))
  if (!(json instanceof Map)) throw new TypeError('not an object')
  return json
}

export interface OfferedDefinitions {
  readonly tools?: readonly unknown[]
  readonly prompts?: readonly unknown[]
  readonly resources?: readonly unknown[]
  readonly resourceTemplates?: readonly unknown[]
  readonly server?: Partial<McpDescription['server']>
}

/** A server that offers this. */
export function serverWith(offered: OfferedDefinitions): McpDescription {
  const { prompts = [], resources, resourceTemplates = [], server, tools = [] } = offered
  return {
    protocolVersion: '2025-11-25',
    server: { name: 'desk', version: '1', ...server },
    tools: tools.map(fromWire),
    prompts: prompts.map(fromWire),
    resources: (resources ?? []).map(fromWire),
    resourceTemplates: resourceTemplates.map(fromWire),
    offersResources: resources !== undefined,
  }
}

export function planServer(
  offered: OfferedDefinitions,
  options: Partial<Parameters<typeof planMcpImport>[1]> = {},
): ImportPlan {
  return planMcpImport(serverWith(offered), { ...DESK_OPTIONS, ...options })
}

/** A tool that takes these arguments. */
export function tool(name: string, properties: object = {}, rest: object = {}): object {
  return { name, inputSchema: { type: 'object', properties }, ...rest }
}

export function actionNamed({ actions }: ImportPlan, name: string): Action {
  const found = actions.find((each) => each.name === name)
  if (!found) throw new Error(`no action ${name}`)
  return found
}
