import assert from 'node:assert/strict'
import fc from 'fast-check'

const PIECES = [
  'things',
  'parts',
  'a',
  'B',
  '0',
  '.',
  '..',
  '/',
  '//',
  '%2e',
  '%2E',
  '%2f',
  '%5c',
  '\\',
  ';',
  ';v=1',
  '%3b',
  '%25',
  '%20',
  '+',
  '%00',
  '%0d%0a',
  '%c3%a9',
  '%ff',
  '%',
  '#',
  '?',
  '&',
  '=',
  'q',
  'n',
  '7',
  ':',
  '@',
  '~',
  '*',
  "'",
  '(',
  '|',
  '^',
  '{',
  '"',
  '<',
  'é',
  '\u202e',
  '[',
  ',',
  '!',
  '$',
  'x'.repeat(50),
]

/** Two kinds: what a client means, encoded as it should be, and anything at all. */
const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => text.isWellFormed())
const plain = fc
  .tuple(segment, fc.option(segment), fc.option(segment))
  .map(([thing, part, q]) =>
    part === null
      ? `/things/${encodeURIComponent(thing)}`
      : `/things/${encodeURIComponent(thing)}/parts/${encodeURIComponent(part)}${q === null ? '' : ''}`,
  )
const query = segment.map((text) => `/things?q=${encodeURIComponent(text)}`)
const odd = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 })
  .map((pieces) => `/things/${pieces.join('')}`)
/** Targets of the echo API: about half are meant well, and the others are anything that a client could send. */
export const oddTargets = fc.oneof(plain, query, odd, odd)

/** The reading of the URL standard, as most frameworks have it. */
export function asAnotherParserReads(target: string): Record<string, string> {
  const url = new URL(target, 'http://upstream')
  assert.equal(url.pathname, target.split('?')[0], 'nothing of the path is left to be tidied up')
  const [, things, thing, parts, part, ...more] = url.pathname.split('/').map(decodeURIComponent)
  assert.deepEqual([things, more], ['things', []])
  const path = thing === undefined ? {} : part === undefined ? { thing } : { thing, part }
  assert.ok(parts === undefined || parts === 'parts')
  return { ...path, ...Object.fromEntries(url.searchParams) }
}
