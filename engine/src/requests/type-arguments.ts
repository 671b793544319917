import type { TypedArguments, TypedValue } from '../arguments.ts'
import {
  ARGUMENT_LIMITS,
  type Argument,
  type ArgumentSchema,
  isOptional,
  type RecordType,
  type TypedType,
} from './argument.ts'
import { countingTogether, countValue } from './counted-work.ts'
import type { GivenJson } from './given-json.ts'
import { refuseLookAlikes } from './look-alike.ts'
import {
  isMisfit,
  type Pair,
  type PairsOfOne,
  type PairValue,
  readBrackets,
  sortPairs,
} from './pairs.ts'
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
  const refusal = countingTogether(
    () =>
      typePath(schema, given.path, typed) ??
      typeQuery(schema, given.query, typed) ??
      typeBody(schema, given.body, typed),
  )
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
    const plain = text === undefined ? [] : [text]
    const refusal = typeOne(argument, { plain, within: [] }, typed)
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
  const { of, others } = sortPairs(known, given)
  const [other] = others
  if (other !== undefined)
    return refuse('unknown', memberAt('', other), 'is not a query parameter of this operation')
  for (const argument of known) {
    const refusal = typeOne(argument, of.get(argument) ?? ABSENT, typed)
    if (refusal) return refusal
  }
  return undefined
}

const ABSENT: PairsOfOne = { plain: [], within: [] }

/** One argument that comes as text or as a file: once, for a set as often as it was repeated, or under names with brackets. */
function typeOne(
  argument: Argument,
  given: PairsOfOne,
  typed: Map<string, TypedValue>,
): ArgumentMisfit | undefined {
  const { blank, name, place, required, spelled, type } = argument
  const { plain, within } = given
  const at = `/${name}`
  const [value] = plain
  if (value === undefined && within.length === 0) {
    return required ? refuse('missing', at, `is required in the ${place}`) : undefined
  }
  if (spelled === 'any') return undefined
  if (plain.length > 1 && (type.kind !== 'set' || spelled === 'brackets'))
    return refuse('repeated', at, 'was given more than once')
  if (blank && value === '' && plain.length + within.length === 1) return undefined
  if (type.kind === 'untyped') return undefined
  const result = typeGiven(argument, type, given)
  if ('ok' in result) return result
  typed.set(name, result)
  return undefined
}

function typeGiven(
  { name, spelled }: Argument,
  type: TypedType,
  { plain, within }: PairsOfOne,
): TypedValue | ArgumentMisfit {
  const at = `/${name}`
  if (spelled !== 'brackets')
    return type.kind === 'set'
      ? typeRepeated(type, plain, at)
      : plainValue(type, plain[0] ?? '', at)
  if (plain.length > 0)
    return refuse('wrong_kind', at, 'has to come in names with brackets, such as `name[0]`')
  const value = readBrackets(type, within, at)
  return isMisfit(value) ? value : typeValue(type, value, at, 0, true)
}

/** Import lets nothing but plain values, files and lists of them be typed outside a JSON body. */
function plainValue(type: TypedType, value: PairValue, at: string): TypedValue | ArgumentMisfit {
  if (type.kind === 'set') return refuse('wrong_kind', at, 'cannot be given here')
  if (type.kind === 'record' || typeof value !== 'string') return typeValue(type, value, at, 0)
  return typeText(type, value, at)
}

function typeRepeated(
  type: Extract<TypedType, { kind: 'set' }>,
  given: readonly PairValue[],
  at: string,
): TypedValue | ArgumentMisfit {
  const most = Math.min(type.maxItems ?? ARGUMENT_LIMITS.items, ARGUMENT_LIMITS.items)
  if (given.length > most)
    return refuse('too_long', at, `has ${given.length} items, ${most} at most`)
  if (given.length < (type.minItems ?? 0))
    return refuse('out_of_range', at, `needs ${type.minItems} items`)
  const items: TypedValue[] = []
  for (const value of given) {
    const tooMany = countValue(at)
    if (tooMany) return tooMany
    const item = plainValue(type.items, value, at)
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
    const [needed] = required ? [] : neededOfBody(schema)
    if (needed !== undefined)
      return refuse('missing', memberAt('', needed), 'is required: this operation needs a body')
    return required
      ? refuse('missing', '/body', 'is required: this operation needs a body')
      : undefined
  }
  if (form === 'none') return refuse('unexpected_body', '', 'this operation takes no body')
  if (form === 'opaque') return undefined
  const known = schema.arguments.filter(({ place }) => place === 'body')
  if (form === 'whole' || form === 'bytes') return typeWhole(known, body, typed)
  if (form === 'form' || form === 'multipart') return typeForm(schema, known, body, typed)
  if (!(body instanceof Map)) return refuse('wrong_kind', '', 'the body has to be a JSON object')
  const result = typeRecord(bodyType(schema, known), body, '', 0)
  if ('ok' in result) return result
  for (const { name, wire } of known) {
    const value = result.fields.get(wire)
    if (value !== undefined) typed.set(name, value)
  }
  return undefined
}

/**
 * Names of body members that policies may rely on, because each body has them. A call without a body has none of them: where the
 * body may be left out, it is refused all the same.
 */
export function neededOfBody({ arguments: all }: ArgumentSchema): readonly string[] {
  return all.flatMap((each) =>
    each.place === 'body' && !isOptional(each) && each.type.kind !== 'untyped' ? [each.name] : [],
  )
}

/** Pairs of a form that was read as JSON; `undefined`: it is no form. */
function formIn(body: GivenJson): readonly Pair[] | undefined {
  if (!Array.isArray(body)) return undefined
  const pairs = body.flatMap((pair) => {
    const [name, value] = Array.isArray(pair) ? pair : []
    const isValue = typeof value === 'string' || value instanceof Map
    return typeof name === 'string' && isValue ? [[name, value] as const] : []
  })
  return pairs.length === body.length ? pairs : undefined
}

/** Fields of a form come as text, like parameters of the query; files come as what is known of them. */
function typeForm(
  schema: ArgumentSchema,
  known: readonly Argument[],
  body: GivenJson,
  typed: Map<string, TypedValue>,
): ArgumentMisfit | undefined {
  const pairs = formIn(body)
  if (!pairs) return refuse('wrong_kind', '', 'the body has to be a form')
  const { of, others } = sortPairs(known, pairs)
  const [other] = others
  if (other !== undefined && !schema.body.open)
    return refuse('unknown', memberAt('', other), 'is not a field of this form')
  const names = [...Array.from(of.keys(), ({ wire }) => wire), ...others]
  const lookAlike = refuseLookAlikes(bodyType(schema, known), names, '', 'form')
  if (lookAlike) return lookAlike
  for (const argument of known) {
    const refusal = typeOne(argument, of.get(argument) ?? ABSENT, typed)
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
