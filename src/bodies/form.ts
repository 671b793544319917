import { isUtf8 } from 'node:buffer'
import { readQuery } from '../http/index.ts'
import type { Json } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'

const FORM_TYPE = /^application\/x-www-form-urlencoded(?:[ \t]*;[ \t]*charset=utf-8)?$/i

/**
 * Parses a whole body as a strict form. Answers pairs of name and value, in their order, as JSON. Throws
 * `request.unsupported_media_type` and `input.malformed`.
 */
export function readForm(bytes: Buffer, contentType: string): Json {
  if (!FORM_TYPE.test(contentType))
    throw new Problem(
      'request.unsupported_media_type',
      'this operation takes `application/x-www-form-urlencoded`',
    )
  const pairs = isUtf8(bytes) ? readQuery(bytes.toString('utf8'), 'form') : undefined
  if (!pairs) throw new Problem('input.malformed', 'the form can be read in more than one way')
  return pairs
}

/** Writes a form that `readForm` has read. */
export function writeForm(body: Json): string {
  const pairs = Array.isArray(body) ? body : []
  return writePairs(
    pairs.flatMap((pair) => {
      const [name, value] = Array.isArray(pair) ? pair : []
      return typeof name === 'string' && typeof value === 'string' ? [[name, value] as const] : []
    }),
  )
}

/** Writes pairs as `application/x-www-form-urlencoded`: the one spelling that every parser reads alike. */
export function writePairs(pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
    .replaceAll("'", '%27')
}
