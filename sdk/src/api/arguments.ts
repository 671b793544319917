import { ApiRefusal } from './answer.ts'
import { type ExactJson, ExactNumber } from './exact-json.ts'

/** An argument as Remit says it: numbers and dates are the text that was written, so that no digit can be lost. */
export type ArgumentText =
  | string
  | boolean
  | readonly ArgumentText[]
  | { readonly [name: string]: ArgumentText }
export type ArgumentTexts = { readonly [name: string]: ArgumentText }

/** Arguments in a token or an answer of Remit's; `undefined`: they are none. */
export function argumentTextsOf(value: unknown): ArgumentTexts | undefined {
  const text = argumentTextOf(value)
  return typeof text === 'object' && !isList(text) ? text : undefined
}

function argumentTextOf(value: unknown): ArgumentText | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value !== 'object' || value === null) return undefined
  const texts: [string, ArgumentText][] = []
  for (const [name, each] of Object.entries(value)) {
    const text = argumentTextOf(each)
    if (text === undefined) return undefined
    texts.push([name, text])
  }
  return Array.isArray(value) ? texts.map(([, text]) => text) : Object.fromEntries(texts)
}

/**
 * Text in a path or query: only the catalog knows whether it is a text, a number, yes or no, or a
 * list.
 */
export class WrittenText {
  readonly values: readonly string[]
  constructor(values: readonly string[]) {
    this.values = values
  }
}

/** An argument as a request says it. */
export type ReadArgument =
  | ArgumentText
  | WrittenText
  | null
  | readonly ReadArgument[]
  | { readonly [name: string]: ReadArgument }

/** Arguments of a request. Begin with `all` and say what is different. */
export interface ReadArguments {
  /** Parameters of path and query and members of the body, by their names. A body that is no object is called `body`. */
  readonly all: Readonly<Record<string, ReadArgument>>
  readonly path: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, readonly string[]>>
  /** Numbers as their text. */
  readonly body: ReadArgument | undefined
}

/**
 * Reads all that a request says, by name. @throws {ApiRefusal} `api.misconfigured`: two things have
 * one name
 */
export function readArguments(given: {
  readonly path: ReadonlyMap<string, string>
  readonly query: readonly (readonly [string, string])[]
  readonly body: ExactJson | undefined
}): ReadArguments {
  const query = new Map<string, string[]>()
  for (const [name, value] of given.query) {
    const values = query.get(name)
    if (values) values.push(value)
    else query.set(name, [value])
  }
  const body = given.body === undefined ? undefined : textOf(given.body)
  const all = new Map<string, ReadArgument>()
  const add = (name: string, value: ReadArgument) => {
    if (all.has(name))
      throw new ApiRefusal('api.misconfigured', `\`${name}\` is there twice: say \`arguments\``)
    all.set(name, value)
  }
  for (const [name, value] of given.path) add(name, new WrittenText([value]))
  for (const [name, values] of query) add(name, new WrittenText(values))
  if (given.body instanceof Map && isRecord(body))
    for (const [name, value] of Object.entries(body)) add(name, value)
  else if (body !== undefined && body !== null) add('body', body)
  return {
    all: Object.fromEntries(all),
    path: Object.fromEntries(given.path),
    query: Object.fromEntries(query),
    body,
  }
}

function textOf(value: ExactJson): ReadArgument {
  if (value instanceof ExactNumber) return value.text
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (value instanceof Map)
    return Object.fromEntries(Array.from(value, ([name, member]) => [name, textOf(member)]))
  return Array.from(value as readonly ExactJson[], textOf) // nothing else is left
}

/**
 * Tells whether a request says exactly what was decided: nothing more, nothing less, every text the
 * same. `null` is no value, to Remit as well.
 */
export function sameArguments(decided: ArgumentTexts, read: ReadArgument): boolean {
  if (!isRecord(read)) return false
  const present = Object.keys(read).filter((name) => (read[name] ?? null) !== null)
  return (
    present.length === Object.keys(decided).length &&
    present.every((name) => {
      const value = Object.hasOwn(decided, name) ? decided[name] : undefined
      return value !== undefined && same(value, read[name] ?? null)
    })
  )
}

/**
 * Tells whether all that is said in these is what was decided; what is not in them is not compared.
 */
export function partOfArguments(
  decided: ArgumentTexts,
  read: Readonly<Record<string, ReadArgument>>,
): boolean {
  return Object.entries(read).every(([name, value]) => {
    const was = Object.hasOwn(decided, name) ? decided[name] : undefined
    return was === undefined ? (value ?? null) === null : same(was, value)
  })
}

function same(decided: ArgumentText, read: ReadArgument): boolean {
  if (read instanceof WrittenText) return sameWritten(decided, read.values)
  if (typeof decided === 'string' || typeof decided === 'boolean') return decided === read
  if (isList(decided)) {
    return (
      isList(read) &&
      decided.length === read.length &&
      decided.every((item, i) => same(item, read[i] ?? null))
    )
  }
  return sameArguments(decided, read)
}

/** Lists are parameters that were repeated; nothing else is nested there. */
function sameWritten(decided: ArgumentText, values: readonly string[]): boolean {
  const texts = isList(decided) ? decided : [decided]
  return (
    texts.length === values.length &&
    texts.every((text, i) => typeof text !== 'object' && String(text) === values[i])
  )
}

/** `Array.isArray` does not narrow read-only arrays. */
function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}

function isRecord(value: unknown): value is { readonly [name: string]: ReadArgument } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof WrittenText)
  )
}
