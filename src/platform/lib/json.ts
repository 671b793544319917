/**
 * Strict JSON: RFC 8259 in strict UTF-8, and less. Values read here are decided on, hashed, shown to people and sent
 * on, so nothing may be left that two parsers read differently: no repeated member names, no lone surrogates, no byte
 * order mark, no U+0000 (C strings end there, and PostgreSQL cannot store it), no number that became a float on the
 * way. Member names with a meaning in JavaScript prototypes or in Cedar's JSON are refused at any depth.
 * `constructor` and its like are ordinary names: objects become Maps.
 */
import { runInSteps, type SlicedWork } from './in-steps.ts'
import { JsonParser } from './json-parser.ts'
import { ExactNumber, type Json, type JsonObject } from './json-value.ts'
import type { Awaitable } from './pipeline.ts'
import { Problem } from './problem.ts'

export { ExactNumber, type Json, type JsonObject }

export interface JsonLimits {
  /**
   * Maximum bytes of the UTF-8 form. Default 1 MiB. Values are at most 131,072, or one for every 4
   * bytes of a maximum above 1 MiB; an object counts as two, and so does a member with its name.
   */
  bytes?: number
  /** Maximum depth of nested arrays and objects; at most, and by default, 64. */
  depth?: number
  /**
   * Names with a meaning in Cedar's JSON that are accepted, for a file that is Cedar's own.
   * Default: none.
   */
  allowed?: readonly ('__entity' | '__extn')[]
}

const MAX_BYTES = 1024 * 1024
const MAX_DEPTH = 64
/**
 * Maximum of values: a list of empty objects takes thirty times its length in memory. And where a thread that answers calls reads them
 * in one turn, they take no longer than 25 ms; bodies of agents are read in slices (`parseJsonInSteps`).
 */
const MAX_VALUES = MAX_BYTES / 8
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads one JSON text. Time and memory are linear in its length.
 * @throws Problem `input.malformed`, `input.too_large`, `input.too_deep`, `input.duplicate_key`, `input.forbidden_key`;
 * details give positions (in characters), never content.
 */
export function parseJson(input: string | Uint8Array, limits: JsonLimits = {}): Json {
  return parserOf(input, limits).document()
}

/** Text that is read at once, in bytes or characters: it takes three milliseconds at worst. */
export const MAX_AT_ONCE = 65_536
/** Values that are read in one turn, as `JsonLimits` counts them. */
const VALUES_AT_ONCE = 8_192

/**
 * Reads one JSON text as `parseJson` does; a long one in slices, between which others get their turn. A short one is there at once.
 * @throws Problem as `parseJson`; it rejects with the fault of a long text
 */
export function parseJsonInSteps(
  input: string | Uint8Array,
  limits: JsonLimits = {},
): Awaitable<Json> {
  return input.length <= MAX_AT_ONCE
    ? parseJson(input, limits)
    : runInSteps(jsonSlices(input, limits))
}

/** Reads one JSON text in slices. */
export function* jsonSlices(input: string | Uint8Array, limits: JsonLimits = {}): SlicedWork<Json> {
  const parser = parserOf(input, limits)
  do yield
  while (!parser.advance(VALUES_AT_ONCE))
  return parser.document()
}

function parserOf(input: string | Uint8Array, limits: JsonLimits): JsonParser {
  const most = limits.bytes ?? MAX_BYTES
  const size = typeof input === 'string' ? Buffer.byteLength(input) : input.byteLength
  if (size > most) throw new Problem('input.too_large', `${size} bytes, ${most} at most`)
  const text = typeof input === 'string' ? input : decode(input)
  if (!text.isWellFormed()) throw new Problem('input.malformed', 'not well-formed Unicode')
  if (text.startsWith('\ufeff'))
    throw new Problem('input.malformed', 'starts with a byte order mark')
  const depth = Math.min(limits.depth ?? MAX_DEPTH, MAX_DEPTH)
  const values = most > MAX_BYTES ? most / 4 : MAX_VALUES
  return new JsonParser(text, depth, values, limits.allowed)
}

/**
 * Prints JSON: member order kept, numbers as they came, no white space. The inverse of `parseJson`.
 */
export function printJson(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (value instanceof ExactNumber) return value.text
  let before = ''
  if (isList(value)) {
    let text = '['
    for (const item of value) {
      text += before + printJson(item)
      before = ','
    }
    return `${text}]`
  }
  let text = '{'
  for (const [name, item] of value) {
    text += `${before}${JSON.stringify(name)}:${printJson(item)}`
    before = ','
  }
  return `${text}}`
}

/** Text in pieces, some of which are bytes already. */
export type TextPieces = readonly (string | Uint8Array)[]
/** Finds the text of a list or an object that was printed before. */
export type KnownText = (value: object) => string | Uint8Array | undefined

/**
 * Prints JSON as `printJson` does, in pieces: the known bytes of a list or an object as they are,
 * without a copy. It is looked for in objects, and not in lists.
 */
export function printPieces(value: Json, known: KnownText): TextPieces {
  const pieces: (string | Uint8Array)[] = []
  let text = ''
  const print = (each: Json): void => {
    const printed = typeof each === 'object' && each !== null ? known(each) : undefined
    if (typeof printed === 'string') text += printed
    else if (printed) {
      pieces.push(text, printed)
      text = ''
    } else if (!isObject(each)) text += printJson(each)
    else {
      let before = '{'
      for (const [name, item] of each) {
        text += `${before}${JSON.stringify(name)}:`
        print(item)
        before = ','
      }
      text += each.size === 0 ? '{}' : '}'
    }
  }
  print(value)
  return text === '' ? pieces : [...pieces, text]
}

function decode(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes)
  } catch (cause) {
    throw new Problem('input.malformed', 'not UTF-8', { cause })
  }
}

/** Narrows read-only arrays, which `Array.isArray` does not. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** Checks whether a value is a JSON object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return value instanceof Map
}

/** Checks whether a value, of `JSON.parse` for example, is an object: neither a list nor `null`. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
