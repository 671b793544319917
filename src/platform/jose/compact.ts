import { fromBase64url } from '../lib/bytes.ts'
import { ExactNumber, type Json, parseJson } from '../lib/json.ts'
import { LruCache } from '../lib/lru-cache.ts'
import { Problem } from '../lib/problem.ts'

/**
 * Members of a JOSE header that we read. `jku`, `x5u`, `x5c` and all other members are never looked
 * at (RFC 7515 section 4).
 */
export interface JoseHeader {
  readonly alg: string
  /** `''` when absent. */
  readonly typ: string
  readonly kid: string | undefined
  /** Key of a DPoP proof; no other token's counts, and only `checkProof` reads it. */
  readonly jwk: unknown
}

/**
 * Headers that were read before, by their text: the tokens and proofs of one key begin with the
 * same one. Longer ones are few, and would take the memory of many.
 */
const MAX_HEADERS = 4_000
const MAX_HEADER_CHARACTERS = 512
const headers = new LruCache<JoseHeader>(MAX_HEADERS)

/** A JWS in compact serialisation, taken apart and not yet verified. */
export interface Compact {
  readonly header: JoseHeader
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  /** Bytes that the signature covers. */
  readonly signingInput: Uint8Array
}

/** JSON as plain values; numbers as JavaScript numbers. Only for headers and claims, never for a call's arguments. */
export type PlainObject = { readonly [name: string]: unknown }

export const MAX_TOKEN_BYTES = 16 * 1024
const MAX_KID_LENGTH = 256
/**
 * Members of a header that are refused. `crit` and `b64` change the signed bytes or must be
 * understood; with `enc` and `zip` it is another kind of object, which we do not accept.
 */
const REFUSED_MEMBERS = ['crit', 'b64', 'enc', 'zip']

/**
 * Decodes a compact JWS strictly (RFC 7515 section 7.1): exactly three non-empty parts, canonical
 * base64url without padding, so that no two texts are the same token.
 * @throws Problem `token.malformed`
 */
export function readCompact(text: string, maxBytes = MAX_TOKEN_BYTES): Compact {
  if (text.length > maxBytes) throw malformed(`longer than ${maxBytes} characters`)
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  if (second < 0) throw malformed('not three parts')
  return {
    header: headerOf(text.slice(0, first)),
    payload: decode(text.slice(first + 1, second), 'payload'),
    // a fourth part would leave a dot in here, which is not base64url
    signature: decode(text.slice(second + 1), 'signature'),
    signingInput: Buffer.from(text.slice(0, second), 'latin1'),
  }
}

/**
 * Reads the header alone, of a token that was taken apart before.
 * @throws Problem `token.malformed`
 */
export function readJoseHeader(text: string): JoseHeader {
  const end = text.indexOf('.')
  if (end < 0 || end > MAX_TOKEN_BYTES) throw malformed('not three parts')
  return headerOf(text.slice(0, end))
}

/** INVARIANT: the same text is the same header, and no caller can change one that others get, too. */
function headerOf(text: string): JoseHeader {
  const known = headers.get(text, '')
  if (known) return known
  const header = readHeader(decode(text, 'header'))
  return text.length > MAX_HEADER_CHARACTERS ? header : headers.put(text, '', header)
}

function decode(part: string, name: string): Uint8Array {
  const bytes = fromBase64url(part)
  if (!bytes || bytes.byteLength === 0) throw malformed(`the ${name} is not base64url`)
  return bytes
}

function readHeader(bytes: Uint8Array): JoseHeader {
  const header = readObject(bytes, 'header')
  const { alg, typ = '', kid, jwk } = header
  const refused = REFUSED_MEMBERS.find((name) => Object.hasOwn(header, name))
  if (refused) throw malformed(`the header has \`${refused}\``)
  if (typeof alg !== 'string' || typeof typ !== 'string') throw malformed('the header has no `alg`')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_LENGTH)) {
    throw malformed('`kid` is not a short string')
  }
  return Object.freeze({ alg, typ, kid, jwk: frozen(jwk) })
}

function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}

/**
 * Reads a header or a claims set as plain values: strict JSON, no repeated members at any depth.
 * @throws Problem `token.malformed`
 */
export function readObject(bytes: Uint8Array, name: string): PlainObject {
  const flat = readFlat(bytes)
  if (flat) return flat
  const json = parse(bytes, name)
  if (!(json instanceof Map)) throw malformed(`the ${name} is not a JSON object`)
  return plainObject(json)
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Signs of what the strict reader looks at more closely: escapes, nesting, names with a meaning elsewhere. */
const NOT_FLAT = ['\\', '[', '"__'] as const

/**
 * Reads an object of strings, numbers, booleans and nulls, as most claims sets of a proof are, with the engine's own parser.
 * INVARIANT: only a text that prints back to itself is read like this. It has one reading: no member twice, no other spelling of
 * a number, no white space. `undefined`: the strict reader reads it, or names the fault.
 */
function readFlat(bytes: Uint8Array): PlainObject | undefined {
  try {
    const text = UTF8.decode(bytes)
    if (text.lastIndexOf('{') !== 0 || NOT_FLAT.some((sign) => text.includes(sign)))
      return undefined
    const object: PlainObject = JSON.parse(text)
    return JSON.stringify(object) === text ? object : undefined
  } catch {
    return undefined
  }
}

function parse(bytes: Uint8Array, name: string): Json {
  try {
    return parseJson(bytes)
  } catch (cause) {
    throw malformed(`the ${name} is not acceptable JSON`, cause)
  }
}

function plainObject(members: ReadonlyMap<string, Json>): PlainObject {
  const object: Record<string, unknown> = {}
  for (const [name, value] of members) object[name] = plainClaim(value)
  return object
}

function plainClaim(value: Json): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Map) return plainObject(value)
  if (value instanceof ExactNumber) return Number(value.text)
  return Array.isArray(value) ? value.map(plainClaim) : undefined
}

function malformed(detail: string, cause?: unknown): Problem {
  return new Problem('token.malformed', detail, { cause })
}
