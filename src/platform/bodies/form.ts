import { isUtf8 } from 'node:buffer'
import { readPair } from '../http/index.ts'
import { runAtOnce, runInSteps, type SlicedWork } from '../lib/in-steps.ts'
import { type Json, MAX_AT_ONCE } from '../lib/json.ts'
import type { Awaitable } from '../lib/pipeline.ts'
import { Problem } from '../lib/problem.ts'

const FORM_TYPE = /^application\/x-www-form-urlencoded(?:[ \t]*;[ \t]*charset=utf-8)?$/i

/** Pairs of a form, which are counted before any of them is decoded. A query has fewer, by its length. */
export const MAX_PAIRS = 10_000
/** Characters of pairs that are read in one turn, a pair counting for some of them: a millisecond or two. */
const AT_ONCE = 131_072
const OF_A_PAIR = 64

/**
 * Parses a whole body as a strict form, a long one in slices. Answers pairs of name and value, in their order, as JSON. Throws, or rejects
 * with, `request.unsupported_media_type`, `input.too_large` and `input.malformed`.
 */
export function readFormJson(bytes: Buffer, contentType: string): Awaitable<Json> {
  if (!FORM_TYPE.test(contentType))
    throw new Problem(
      'request.unsupported_media_type',
      'this operation takes `application/x-www-form-urlencoded`',
    )
  if (hasTooManyPairs(bytes))
    throw new Problem('input.too_large', `a form has at most ${MAX_PAIRS} pairs of name and value`)
  const work = formSlices(bytes)
  return bytes.length <= MAX_AT_ONCE ? runAtOnce(work) : runInSteps(work)
}

/** Reads the pairs of a form in slices. */
export function* formSlices(bytes: Buffer): SlicedWork<Json> {
  if (!isUtf8(bytes)) throw ambiguous()
  const pairs: [string, string][] = []
  let left = AT_ONCE
  for (const part of bytes.toString('utf8').split('&')) {
    const pair = readPair(part, 'form')
    if (!pair) throw ambiguous()
    pairs.push(pair)
    left -= part.length + OF_A_PAIR
    if (left > 0) continue
    yield
    left = AT_ONCE
  }
  return pairs
}

function ambiguous(): Problem {
  return new Problem('input.malformed', 'the form can be read in more than one way')
}

function hasTooManyPairs(bytes: Buffer): boolean {
  let count = 1
  for (let at = bytes.indexOf(AND); at >= 0; at = bytes.indexOf(AND, at + 1))
    if (++count > MAX_PAIRS) return true
  return false
}

const AND = 0x26

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
