import type { TypedArguments, TypedValue } from '../arguments.ts'
import {
  ARGUMENT_LIMITS,
  type Argument,
  type ArgumentSchema,
  type RecordType,
  type TypedType,
} from './argument.ts'
import type { GivenJson } from './given-json.ts'
import { type ArgumentMisfit, memberAt, refuse } from './refusal.ts'
import { typeText } from './type-scalar.ts'
import { typeRecord, typeValue } from './type-value.ts'

/** Arguments of a request, decoded once and not yet believed. */
export interface GivenArguments {
  /** Parameters by their names on the wire, from `matchAction`. */
  readonly path: ReadonlyMap<string, string>
  readonly query: readonly (readonly [name: string, value: string])[]
  /** `undefined`: no body was sent. */
  readonly body: GivenJson | undefined
}

export type TypedResult = { readonly ok: true; readonly arguments: TypedArguments } | ArgumentMisfit

/**
 * The arguments of a call under their catalog names, or why the call is not one that the catalog describes. Nothing untyped gets
 * through: what the document declares without a type is accepted and left out, everything else that is unknown is refused.
 * Numbers and dates stay the text they were. Never throws, whatever comes.
 */
export function typeArguments(
  action: { readonly arguments: ArgumentSchema },
  given: GivenArguments,
): TypedResult {
  const schema = action.arguments
  const typed = new Map<string, TypedValue>()
  const refusal =
    typePath(schema, given.path, typed) ??
    typeQuery(schema, given.query, typed) ??
    typeBody(schema, given.body, typed)
  return refusal ?? { ok: true, arguments: typed }
}

function typePath(
  schema: ArgumentSchema,
  given: ReadonlyMap<string, string>,
  typed: Map<string, TypedValue>,
): ArgumentMisfit | undefined {
  const known = schema.arguments.filter(({ place }) => place === 'path')
  for (const name of given.keys()) {
    if (!known.some(({ wire }) => wire === name))
      return refuse('unknown', `/${name}`, 'is not a path parameter here')
  }
  for (const argument of known) {
    const text = given.get(argument.wire)
    const refusal = typeOne(argument, text === undefined ? [] : [text], typed)
    if (refusal) return refusal
  }
  return undefined
}

function typeQuery(
  schema: ArgumentSchema,
  given: GivenArguments['query'],
  typed: Map<string, TypedValue>,
): ArgumentMisfit | undefined {
  const known = schema.arguments.filter(({ place }) => place === 'query')
  const values = textsByName(given)
  for (const name of values.keys()) {
    if (!known.some(({ wire }) => wire === name)) {
      return refuse('unknown', memberAt('', name), 'is not a query parameter of this operation')
    }
  }
  for (const argument of known) {
    const texts = values.get(argument.wire) ?? []
    const refusal = typeOne(argument, texts, typed)
    if (refusal) return refusal
  }
  return undefined
}

function textsByName(pairs: GivenArguments['query']): ReadonlyMap<string, readonly string[]> {
  const texts = new Map<string, string[]>()
  for (const [name, text] of pairs) {
    const known = texts.get(name)
    if (known) known.push(text)
    else texts.set(name, [text])
  }
  return texts
}

/** One argument that comes as text: once, or for a set as often as the parameter was repeated. */
function typeOne(
  argument: Argument,
  texts: readonly string[],
  typed: Map<string, TypedValue>,
): ArgumentMisfit | undefined {
  const { name, type, required, place } = argument
  const at = `/${name}`
  const [text] = texts
  if (text === undefined) {
    return required ? refuse('missing', at, `is required in the ${place}`) : undefined
  }
  if (type.kind !== 'set' && texts.length > 1)
    return refuse('repeated', at, 'was given more than once')
  if (type.kind === 'untyped') return undefined
  const result = type.kind === 'set' ? typeRepeated(type, texts, at) : plainText(type, text, at)
  if ('ok' in result) return result
  typed.set(name, result)
  return undefined
}

/** Import lets nothing but plain values and lists of them be typed outside a body. */
function plainText(type: TypedType, text: string, at: string): TypedValue | ArgumentMisfit {
  return type.kind === 'set' || type.kind === 'record'
    ? refuse('wrong_kind', at, 'cannot be given here')
    : typeText(type, text, at)
}

function typeRepeated(
  type: Extract<TypedType, { kind: 'set' }>,
  texts: readonly string[],
  at: string,
): TypedValue | ArgumentMisfit {
  const most = Math.min(type.maxItems ?? ARGUMENT_LIMITS.items, ARGUMENT_LIMITS.items)
  if (texts.length > most)
    return refuse('too_long', at, `has ${texts.length} items, ${most} at most`)
  if (texts.length < (type.minItems ?? 0))
    return refuse('out_of_range', at, `needs ${type.minItems} items`)
  const items: TypedValue[] = []
  for (const text of texts) {
    const item = plainText(type.items, text, at)
    if ('ok' in item) return item
    items.push(item)
  }
  return { kind: 'set', items }
}

function typeBody(
  schema: ArgumentSchema,
  body: GivenJson | undefined,
  typed: Map<string, TypedValue>,
): ArgumentMisfit | undefined {
  const { form, required } = schema.body
  if (body === undefined) {
    return required
      ? refuse('missing', '/body', 'is required: this operation needs a body')
      : undefined
  }
  if (form === 'none') return refuse('unexpected_body', '', 'this operation takes no body')
  if (form === 'opaque') return undefined
  const known = schema.arguments.filter(({ place }) => place === 'body')
  if (form === 'whole') return typeWhole(known, body, typed)
  if (form === 'form') return typeForm(schema, known, body, typed)
  if (!(body instanceof Map)) return refuse('wrong_kind', '', 'the body has to be a JSON object')
  const result = typeRecord(bodyType(schema, known), body, '', 0)
  if ('ok' in result) return result
  for (const { name, wire } of known) {
    const value = result.fields.get(wire)
    if (value !== undefined) typed.set(name, value)
  }
  return undefined
}

/** Pairs of a form that was read as JSON; none, where it is no form. */
export function pairsIn(body: GivenJson): readonly (readonly [string, string])[] {
  if (!Array.isArray(body)) return []
  return body.flatMap((pair) => {
    const [name, value] = Array.isArray(pair) ? pair : []
    return typeof name === 'string' && typeof value === 'string' ? [[name, value] as const] : []
  })
}

/** Fields of a form come as text, like parameters of the query. */
function typeForm(
  schema: ArgumentSchema,
  known: readonly Argument[],
  body: GivenJson,
  typed: Map<string, TypedValue>,
): ArgumentMisfit | undefined {
  if (!Array.isArray(body)) return refuse('wrong_kind', '', 'the body has to be a form')
  const values = textsByName(pairsIn(body))
  for (const name of values.keys())
    if (!schema.body.open && !known.some(({ wire }) => wire === name))
      return refuse('unknown', memberAt('', name), 'is not a field of this form')
  for (const argument of known) {
    const texts = values.get(argument.wire) ?? []
    const refusal = typeOne(argument, texts, typed)
    if (refusal) return refusal
  }
  return undefined
}

/** A schema comes from the catalog and serves many calls. */
const BODIES = new WeakMap<ArgumentSchema, RecordType>()

/** The members of the body under their names on the wire. */
function bodyType(schema: ArgumentSchema, known: readonly Argument[]): RecordType {
  const made = BODIES.get(schema)
  if (made) return made
  const fields = known.map((argument) => ({ ...argument, name: argument.wire }))
  const type: RecordType = { kind: 'record', fields, open: schema.body.open }
  BODIES.set(schema, type)
  return type
}

function typeWhole(
  known: readonly Argument[],
  body: GivenJson,
  typed: Map<string, TypedValue>,
): ArgumentMisfit | undefined {
  for (const { name, type, nullable } of known) {
    if (type.kind === 'untyped') return undefined
    if (body === null && nullable) return undefined
    const result = typeValue(type, body, `/${name}`, 0)
    if ('ok' in result) return result
    typed.set(name, result)
  }
  return undefined
}
