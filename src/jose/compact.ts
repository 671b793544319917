import { fromBase64url } from '../lib/bytes.ts'
import { ExactNumber, type Json, parseJson } from '../lib/json.ts'
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
 * Members of a header that are refused. `crit` and `b64` change what is signed or must be
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
  const header = readHeader(decode(text.slice(0, first), 'header'))
  return {
    header,
    payload: decode(text.slice(first + 1, second), 'payload'),
    // a fourth part would leave a dot in here, which is not base64url
    signature: decode(text.slice(second + 1), 'signature'),
    signingInput: Buffer.from(text.slice(0, second), 'latin1'),
  }
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
  return { alg, typ, kid, jwk }
}

/**
 * Reads a header or a claims set as plain values: strict JSON, no repeated members at any depth.
 * @throws Problem `token.malformed`
 */
export function readObject(bytes: Uint8Array, name: string): PlainObject {
  const json = parse(bytes, name)
  if (!(json instanceof Map)) throw malformed(`the ${name} is not a JSON object`)
  return plainObject(json)
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
  for (const [name, value] of members) object[name] = plain(value)
  return object
}

function plain(value: Json): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Map) return plainObject(value)
  if (value instanceof ExactNumber) return Number(value.text)
  return Array.isArray(value) ? value.map(plain) : undefined
}

function malformed(detail: string, cause?: unknown): Problem {
  return new Problem('token.malformed', detail, { cause })
}
