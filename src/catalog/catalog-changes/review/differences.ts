import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import {
  isList,
  isObject,
  type Json,
  type JsonObject,
  parseJson,
} from '../../../platform/lib/json.ts'
import type { Action } from '../../catalog/index.ts'
import type { Offer } from './offer.ts'

/** One field of a definition, before and after; `undefined`: it is not there. */
export interface FieldDifference {
  /** `description`, `inputSchema/properties/to/description`, `arguments/amount/type/maximum`. */
  readonly field: string
  readonly before: string | undefined
  readonly after: string | undefined
}

const MAX_BYTES = 4 * 1024 * 1024
/** More would not be read; the last one then says how many there are. */
const MAX_SHOWN = 200

/** Lists the differences between two definitions of an action, field by field. */
export function differences(
  reviewed: Action | undefined,
  { offered }: Pick<Offer, 'offered'>,
): readonly FieldDifference[] {
  if (!offered) return []
  const found: FieldDifference[] = []
  compare(reviewed ? fieldsOf(reviewed) : new Map(), fieldsOf(offered), '', found)
  if (found.length <= MAX_SHOWN) return found
  const more = found.length - MAX_SHOWN
  return [...found.slice(0, MAX_SHOWN), { field: '…', before: undefined, after: `${more} more` }]
}

/**
 * Answers the fields that are compared: for an MCP definition what the server says; for an
 * operation what the document says.
 */
function fieldsOf(action: Action): JsonObject {
  const { access, definition, description, method, path } = action
  const said: Json = definition ? parseDefinition(definition.json) : null
  const typed = definition ? [] : [['arguments', comparableArguments(action)] as const]
  return new Map<string, Json>([
    ['method', method],
    ['path', path],
    ['access', access],
    ...(description === undefined ? [] : [['description', description] as const]),
    ...(isObject(said) ? said : []),
    ...typed,
  ])
}

/** Lists the arguments by name, so that an argument that moved is no difference. */
function comparableArguments(action: Action): JsonObject {
  const { arguments: list, body } = action.arguments
  const reasons = action.untyped.map(({ at, reason }): [string, Json] => [at, reason])
  return new Map<string, Json>([
    ...list.map(({ name, ...rest }): [string, Json] => [
      name,
      parseDefinition(canonicalJson(rest)),
    ]),
    ['(body)', parseDefinition(canonicalJson(body))],
    ['(without a type)', new Map(reasons)],
  ])
}

function parseDefinition(text: string): Json {
  return parseJson(text, { bytes: MAX_BYTES })
}

function compare(
  before: Json | undefined,
  after: Json | undefined,
  at: string,
  found: FieldDifference[],
): void {
  if (isObject(before) && isObject(after)) {
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      const here = at === '' ? name : `${at}/${name}`
      compare(before.get(name), after.get(name), here, found)
    }
    return
  }
  // Lists whose order means nothing here (`required`, `enum`) are short: shown whole.
  const [old, now] = [before, after].map(shownJson)
  if (old !== now) found.push({ field: at, before: old, after: now })
}

function shownJson(value: Json | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  return isList(value) && value.every((each) => typeof each === 'string')
    ? value.join(', ')
    : canonicalJson(value)
}
