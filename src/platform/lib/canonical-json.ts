/**
 * RFC 8785 (JSON Canonicalization Scheme), for everything that is hashed or signed.
 *
 * One divergence, on purpose: an `ExactNumber` prints its own text. Where that text is the form ECMAScript would give
 * (`42`, `1.5`) the result is JCS to the byte; `40.00` stays `40.00`, because that text was sent, shown and approved,
 * and because a JavaScript number could not hold every value exactly.
 */
import { createHash } from 'node:crypto'
import { ExactNumber } from './json.ts'

/** Canonical text of a value that was written before. It stands for the value wherever that is written again. */
export class CanonicalText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Value that can be written canonically. Members that are `undefined` are absent. */
export type Canonical =
  | null
  | boolean
  | string
  | number
  | ExactNumber
  | CanonicalText
  | readonly Canonical[]
  | ReadonlyMap<string, Canonical>
  | { readonly [name: string]: Canonical | undefined }

/**
 * The canonical text of a value.
 * @throws TypeError for what JSON cannot hold: NaN, infinities, lone surrogates, class instances, holes. That is a
 * mistake in our code, never something a caller sent.
 */
export function canonicalJson(value: Canonical): string {
  if (typeof value === 'string') return jsonString(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return ecmaNumber(value)
  if (value instanceof ExactNumber) return value.text
  if (isCanonicalList(value)) return `[${Array.from(value, canonicalJson).join(',')}]`
  if (isMap(value)) return `{${mapMembers(value)}}`
  return value instanceof CanonicalText ? value.text : `{${plainMembers(value)}}`
}

/**
 * Maximum of names that are sorted in place: most objects have few members, and `sort` needs extra
 * memory.
 */
const FEW = 32

/** Sorts by UTF-16 code units (RFC 8785 section 3.2.3), which is how strings compare. */
function sorted(names: string[]): readonly string[] {
  if (names.length > FEW) return names.sort()
  for (let i = 1; i < names.length; i++) {
    const name = names[i] ?? ''
    let at = i
    for (; at > 0; at--) {
      const before = names[at - 1] ?? ''
      if (before <= name) break
      names[at] = before
    }
    names[at] = name
  }
  return names
}

function plainMembers(value: { readonly [name: string]: Canonical | undefined }): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError('only plain objects, maps and arrays have a canonical form')
  let members = ''
  for (const name of sorted(Object.keys(value))) members = joined(members, name, value[name])
  return members
}

function mapMembers(value: ReadonlyMap<string, Canonical>): string {
  let members = ''
  for (const name of sorted([...value.keys()])) members = joined(members, name, value.get(name))
  return members
}

/** Appends a member to the text. Absent members are left out. */
function joined(members: string, name: string, value: Canonical | undefined): string {
  if (value === undefined) return members
  return `${members}${members === '' ? '' : ','}${nameText(name)}${canonicalJson(value)}`
}

/** Texts of member names, kept because the same names come again and again. */
const NAMES = new Map<string, string>()
const MAX_NAMES = 2_000
const MAX_CHARACTERS = 64

/** Text of a member name with its colon. */
function nameText(name: string): string {
  const known = NAMES.get(name)
  if (known !== undefined) return known
  const text = `${jsonString(name)}:`
  if (NAMES.size < MAX_NAMES && name.length <= MAX_CHARACTERS) NAMES.set(name, text)
  return text
}

/**
 * Quotes a string with ECMAScript's own serialisation, as section 3.2.2.2 demands, once lone
 * surrogates are refused.
 */
function jsonString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('a lone surrogate has no canonical form')
  return JSON.stringify(text)
}

function ecmaNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical form`)
  return JSON.stringify(value)
}

/** Narrows read-only arrays, which `Array.isArray` does not. */
function isCanonicalList(value: object): value is readonly Canonical[] {
  return Array.isArray(value)
}

/** Narrows read-only maps, which `instanceof Map` does not take out of a union. */
function isMap(value: object): value is ReadonlyMap<string, Canonical> {
  return value instanceof Map
}

/** Names what a hash is of, and which version of it. Two domains never give the same hash for the same value. */
export type HashDomain = `remit/${string}/v${number}`

/** base64url(SHA-256(domain ‖ 0x00 ‖ RFC 8785 form)). Contract 6. */
export function domainHash(domain: HashDomain, value: Canonical): string {
  return createHash('sha256').update(`${domain}\0`).update(canonicalJson(value)).digest('base64url')
}
