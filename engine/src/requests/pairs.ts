import { ARGUMENT_LIMITS, type Argument, type ArgumentType } from './argument.ts'
import { type GivenJson, numberText } from './given-json.ts'
import { type ArgumentMisfit, refuse } from './refusal.ts'

/** A value of a query or a form: text, or the description of a file. */
export type PairValue = string | ReadonlyMap<string, GivenJson>
export type Pair = readonly [name: string, value: PairValue]

/** Pairs that came for one argument: values under its own name, and values under names with brackets behind it. */
export interface PairsOfOne {
  readonly plain: PairValue[]
  readonly within: { readonly keys: readonly string[]; readonly value: PairValue }[]
}

export interface SortedPairs {
  readonly of: ReadonlyMap<Argument, PairsOfOne>
  /** Names that belong to no argument. */
  readonly others: readonly string[]
}

/** A name with all its brackets closed: `items[0][price]`, `tags[]`. Others are read differently by each parser. */
const BRACKETS = /^([^[\]]+)((?:\[[^[\]]*\])+)$/

/** Sorts the pairs of a query or a form by the arguments that they belong to. A name as it is declared comes first. */
export function sortPairs(known: readonly Argument[], pairs: readonly Pair[]): SortedPairs {
  const byWire = new Map(known.map((argument) => [argument.wire, argument]))
  const of = new Map<Argument, PairsOfOne>()
  const others = new Set<string>()
  const takenBy = (argument: Argument) => {
    const taken = of.get(argument) ?? { plain: [], within: [] }
    of.set(argument, taken)
    return taken
  }
  for (const [name, value] of pairs) {
    const exact = byWire.get(name)
    if (exact) {
      takenBy(exact).plain.push(value)
      continue
    }
    const [, root = '', brackets = ''] = BRACKETS.exec(name) ?? []
    const keys = brackets.slice(1, -1).split('][')
    const argument = byWire.get(root)
    if (!argument?.spelled || keys.includes('__proto__')) others.add(name)
    else takenBy(argument).within.push({ keys, value })
  }
  return { of, others: [...others] }
}

/** Texts of a record or a list, by what stands in their brackets. */
interface Branch {
  readonly members: Map<string, string | Branch>
  /** Texts under `[]`. */
  readonly items: string[]
}

/**
 * Reads what names with brackets spell, as JSON in which every value is a text; or why parsers could read it in several ways: a name
 * that comes twice, a value that has members, `[]` before other brackets, a list with gaps.
 */
export function readBrackets(
  type: ArgumentType,
  within: PairsOfOne['within'],
  at: string,
): GivenJson | ArgumentMisfit {
  const root: Branch = { members: new Map(), items: [] }
  for (const { keys, value } of within) {
    if (typeof value !== 'string') return refuse('wrong_kind', at, 'cannot hold a file')
    if (keys.length > ARGUMENT_LIMITS.depth) return refuse('too_long', at, 'is nested too deep')
    if (!put(root, keys, value))
      return refuse('repeated', at, 'has names in brackets that can be read in more than one way')
  }
  return asJson(type, root, at)
}

function put(root: Branch, keys: readonly string[], value: string): boolean {
  let branch = root
  for (const [i, key] of keys.entries()) {
    const isLast = i === keys.length - 1
    if (key === '') {
      if (isLast && branch.members.size === 0) branch.items.push(value)
      return isLast && branch.members.size === 0
    }
    const known = branch.members.get(key)
    if (branch.items.length > 0 || typeof known === 'string' || (isLast && known)) return false
    const next = isLast ? value : (known ?? { members: new Map(), items: [] })
    branch.members.set(key, next)
    if (typeof next !== 'string') branch = next
  }
  return true
}

function asJson(
  type: ArgumentType,
  spelled: string | Branch,
  at: string,
): GivenJson | ArgumentMisfit {
  if (typeof spelled === 'string') return spelled
  const { items, members } = spelled
  if (type.kind === 'set') {
    const names = [...members.keys()]
    if (names.some((name, i) => name !== String(i)))
      return refuse('wrong_kind', at, 'has to be numbered from 0, in order and without gaps')
    const given: GivenJson[] = [...items]
    for (const [i, member] of members) {
      const item = asJson(type.items, member, `${at}/${i}`)
      if (isMisfit(item)) return item
      given.push(item)
    }
    return given
  }
  if (type.kind === 'record' && items.length === 0) {
    const types = new Map(type.fields.map((field) => [field.name, field.type]))
    const given = new Map<string, GivenJson>()
    for (const [name, member] of members) {
      const value = asJson(types.get(name) ?? UNSEEN, member, `${at}/${name}`)
      if (isMisfit(value)) return value
      given.set(name, value)
    }
    return given
  }
  // What has no type is not looked at; any other type fits no list, and a plain one no members.
  return items.length > 0 ? items : new Map()
}

const UNSEEN: ArgumentType = { kind: 'untyped', reason: 'it is not declared' }

export function isMisfit(value: GivenJson | ArgumentMisfit): value is ArgumentMisfit {
  return typeof value === 'object' && value !== null && 'ok' in value
}

/**
 * Spells an argument as it comes in a query or a form: what `sortPairs` sorts to it. `undefined`: it has no form as text.
 */
export function writeArgument(argument: Argument, value: GivenJson): readonly Pair[] | undefined {
  const { spelled, type, wire } = argument
  const isFile = type.kind === 'record' && spelled === undefined
  if (isFile && value instanceof Map) return [[wire, value]]
  if (!isList(value)) return writeValue(wire, value, spelled !== undefined)
  const pairs = value.map((item, i) =>
    spelled === 'brackets'
      ? writeValue(`${wire}[${i}]`, item, true)
      : writeItem(wire, item, spelled !== undefined),
  )
  return pairs.includes(undefined) ? undefined : pairs.flatMap((each) => each ?? [])
}

/** An item under a name that is repeated. A file is one of a multipart form. */
function writeItem(name: string, item: GivenJson, nests: boolean): readonly Pair[] | undefined {
  if (item instanceof Map && !nests) return [[name, item]]
  return writeValue(name, item, nests)
}

function writeValue(name: string, value: GivenJson, nests: boolean): readonly Pair[] | undefined {
  if (typeof value === 'string') return [[name, value]]
  if (typeof value === 'boolean') return [[name, String(value)]]
  const number = numberText(value)
  if (number !== undefined) return [[name, number]]
  if (!nests) return undefined
  const members =
    value instanceof Map ? [...value] : isList(value) ? [...value.entries()] : undefined
  const pairs = members?.map(([key, member]) => writeValue(`${name}[${key}]`, member, true))
  return pairs === undefined || pairs.includes(undefined)
    ? undefined
    : pairs.flatMap((each) => each ?? [])
}

/** `Array.isArray` does not narrow read-only arrays. */
function isList(value: GivenJson): value is readonly GivenJson[] {
  return Array.isArray(value)
}
