import { isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import { MCP } from '../../platform/net/index.ts'

/** Name of the capability to be answered with MCP tasks. */
export const TASKS_CAPABILITY = `extensions/${MCP.tasks}`

const MAX_CAPABILITIES = 24
/**
 * Name of a client's capability, short and plain, so that the id that holds such names fits into a
 * header.
 */
const CAPABILITY = /^[A-Za-z0-9._/-]{1,64}$/

/**
 * Names of the capabilities that a client declares, with those one level below: `elicitation`,
 * `elicitation/url`, `extensions/io.modelcontextprotocol/tasks`.
 */
export function capabilityNames(declared: Json | undefined): string[] {
  if (!isObject(declared)) return []
  return [...declared]
    .flatMap(([name, value]) => [name, ...below(name, value)])
    .filter((name) => CAPABILITY.test(name))
    .slice(0, MAX_CAPABILITIES)
}

/** Elicitation that names no mode is that by form (2025-11-25 and later, "Elicitation"). */
function below(name: string, value: Json): string[] {
  if (!isObject(value)) return []
  if (name === 'elicitation' && value.size === 0) return ['elicitation/form']
  return [...value].filter(([, each]) => isObject(each)).map(([each]) => `${name}/${each}`)
}

/** Writes capabilities as a client declares them: the inverse of `capabilityNames`. */
export function declaredCapabilities(names: readonly string[]): JsonObject {
  const declared = new Map<string, JsonObject>()
  for (const name of names) {
    const [first = '', ...rest] = name.split('/')
    const within = new Map(declared.get(first))
    if (rest.length > 0) within.set(rest.join('/'), new Map())
    declared.set(first, within)
  }
  return declared
}
