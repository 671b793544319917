import { headerValue } from '../../../platform/net/index.ts'

type Members = Readonly<Record<string, unknown>>

/** Name of the header, and where in the arguments its value stands. */
type RepeatedArgument = readonly [header: string, path: readonly string[]]

const MAX_TOOLS = 1_000
const MAX_DEPTH = 16

/**
 * Headers in which arguments of tools are repeated (2026-07-28, "Custom Headers from Tool Parameters"). A client on standard streams
 * has no headers, so they are made from the lists of tools that it was answered.
 */
export class ToolHeaders {
  readonly #tools = new Map<string, readonly RepeatedArgument[]>()

  /** Reads a result that may be a list of tools. */
  learn({ tools }: Members): void {
    for (const tool of Array.isArray(tools) ? tools : []) {
      const { inputSchema, name } = schemaMembers(tool)
      if (typeof name !== 'string' || this.#tools.size >= MAX_TOOLS) continue
      const found = repeatedIn(schemaMembers(inputSchema), [])
      if (found.length > 0) this.#tools.set(name, found)
      else this.#tools.delete(name)
    }
  }

  /** Headers of a message. */
  for(message: object): Readonly<Record<string, string>> {
    const { method, params } = schemaMembers(message)
    const { arguments: given, name } = schemaMembers(params)
    const repeated = method === 'tools/call' ? this.#tools.get(String(name)) : undefined
    const headers: Record<string, string> = {}
    for (const [header, path] of repeated ?? []) {
      const value = path.reduce<unknown>((at, member) => schemaMembers(at)[member], given)
      if (['boolean', 'number', 'string'].includes(typeof value))
        headers[`mcp-param-${header}`] = headerValue(String(value))
    }
    return headers
  }
}

function repeatedIn(schema: Members, path: readonly string[]): RepeatedArgument[] {
  if (path.length >= MAX_DEPTH) return []
  return Object.entries(schemaMembers(schema.properties)).flatMap(([name, property]) => {
    const members = schemaMembers(property)
    const { 'x-mcp-header': header } = members
    const here: RepeatedArgument[] =
      typeof header === 'string' && /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/.test(header)
        ? [[header.toLowerCase(), [...path, name]]]
        : []
    return [...here, ...repeatedIn(members, [...path, name])]
  })
}

function schemaMembers(value: unknown): Members {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
