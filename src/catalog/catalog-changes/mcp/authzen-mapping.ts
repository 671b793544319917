import {
  isList,
  isObject,
  type Json,
  type JsonObject,
  parseJson,
} from '../../../platform/lib/json.ts'
import type { Action, PinnedDefinition } from '../../catalog/index.ts'

/**
 * Mapping from a tool's arguments to the request that decision points are asked with (COAZ-MCP), as
 * the tool gives it. Its shape is checked; its expressions are not looked at.
 */
export type AuthzenMapping = {
  /** Members that all entries share. */
  readonly shared: JsonObject
  /**
   * Entries, one for each request; an `evaluation` has one, with nothing of its own. All of them
   * have to be permitted.
   */
  readonly entries: readonly JsonObject[]
}

/** Member in which a tool gives it, within its `inputSchema`. */
const MEMBER = 'x-authzen-mapping'
/** Each is a request to each decision point. */
const MAX_ENTRIES = 8

const FIELDS = ['subject', 'action', 'resource', 'context']
/** INVARIANT: who a call is for is said once; an entry of its own would be a way around the check of it. */
const ENTRY_FIELDS = ['action', 'resource', 'context']
const NOTHING: JsonObject = new Map()

const READ = new WeakMap<PinnedDefinition, AuthzenMapping | string>()

/**
 * Reads the mapping as it was reviewed: it is part of the pinned definition. `undefined`: the tool
 * has none; a text: why it cannot be used.
 */
export function authzenMapping({
  definition,
}: Pick<Action, 'definition'>): AuthzenMapping | string | undefined {
  if (definition?.kind !== 'tool' || !definition.json.includes(MEMBER)) return undefined
  const known = READ.get(definition)
  if (known !== undefined) return known
  const tool = parseJson(definition.json)
  const input = isObject(tool) ? tool.get('inputSchema') : undefined
  const given = isObject(input) ? input.get(MEMBER) : undefined
  if (given === undefined) return undefined
  const read = readMapping(given)
  READ.set(definition, read)
  return read
}

function readMapping(given: Json): AuthzenMapping | string {
  if (!isObject(given) || given.size !== 1) return 'it is not an object with one member'
  const [[envelope, template] = ['', null]] = given
  if (!isObject(template)) return `\`${envelope.slice(0, 64)}\` is not an object`
  if (envelope === 'evaluation')
    return unknownIn(template, FIELDS) ?? { shared: template, entries: [NOTHING] }
  if (envelope !== 'evaluations') return 'it is neither `evaluation` nor `evaluations`'
  return readEntries(template)
}

function readEntries(template: JsonObject): AuthzenMapping | string {
  const shared = new Map(template)
  const given = template.get('evaluations')
  shared.delete('evaluations')
  if (!isList(given) || given.length === 0 || given.length > MAX_ENTRIES)
    return `\`evaluations\` is not a list of 1 to ${MAX_ENTRIES}`
  const entries = given.filter(isObject)
  if (entries.length < given.length) return 'an entry of `evaluations` is not an object'
  const wrong = entries.map((entry) => unknownIn(entry, ENTRY_FIELDS)).find((each) => each)
  return unknownIn(shared, FIELDS) ?? wrong ?? { shared, entries }
}

function unknownIn(template: JsonObject, fields: readonly string[]): string | undefined {
  const unknown = [...template.keys()].find((name) => !fields.includes(name))
  return unknown === undefined ? undefined : `\`${unknown.slice(0, 64)}\` has no place there`
}

/** Writes notes for an administrator about the mappings of a server, by action. */
export function mappingNotes(
  actions: readonly Action[],
  { name, trusted }: { readonly name: string; readonly trusted: boolean },
): readonly string[] {
  return actions.flatMap((action) => {
    const mapping = authzenMapping(action)
    if (mapping === undefined) return []
    const wrong = typeof mapping === 'string' ? `; as it is now it cannot be used: ${mapping}` : ''
    return trusted
      ? `${action.name}: decision points of others are asked as the tool says (\`${MEMBER}\`)${wrong}`
      : `${action.name}: what it says decision points should be asked (\`${MEMBER}\`) is ignored, until \`remit resources mappings ${name} --trust\`${wrong}`
  })
}
