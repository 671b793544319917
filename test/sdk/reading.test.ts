import assert from 'node:assert/strict'
import { it } from 'node:test'
import { matchAction } from '@remit/engine'
import fc from 'fast-check'
import { argumentTextsOf, readArguments, sameArguments } from '../../sdk/src/api/arguments.ts'
import { readExactJson } from '../../sdk/src/api/exact-json.ts'
import { readTarget, template } from '../../sdk/src/api/target.ts'
import { typeArguments } from '../../src/catalog/argument-types/index.ts'
import { planImport } from '../../src/catalog/catalog/testing.ts'
import { argumentTexts } from '../../src/identity/tokens/index.ts'
import { readTarget as readStrictTarget } from '../../src/platform/http/index.ts'
import { parseJson } from '../../src/platform/lib/json.ts'

// APIs read what the gateway decided on and sent. Two readers that disagree would let something else through.

const RUNS = { numRuns: 2_000 }

/** Texts that are JSON, or were until something was changed in them. */
const jsonText = fc
  .tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom('', ' ', '"', '1', ',', '{', '\\', '\0', '\ud800', '}'),
  )
  .chain(([text, at, piece]) =>
    fc.constantFrom(
      text,
      `{"a":${text},"a":${text}}`,
      text.slice(0, at % (text.length + 1)) + piece + text.slice(at % (text.length + 1)),
      text.slice(0, at % (text.length + 1)) + text.slice((at % (text.length + 1)) + 1),
    ),
  )

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Turns both kinds of value into one. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return ['object', ...Array.from(value, ([k, v]) => [k, plain(v)])]
  if (Array.isArray(value)) return value.map(plain)
  return typeof value === 'object' && value !== null
    ? ['number', (value as { text: string }).text]
    : value // numbers as text
}

it('the API reads the JSON that the server reads, alike, and no other', () => {
  let read = 0
  fc.assert(
    fc.property(jsonText, (text) => {
      const theirs = attempt(() => ({ value: parseJson(text) }))
      const ours = attempt(() => ({ value: readExactJson(text) }))
      if (theirs) read++
      assert.deepEqual(plain(ours?.value), plain(theirs?.value), text)
      assert.equal(ours === undefined, theirs === undefined, text)
    }),
    RUNS,
  )
  assert.ok(read > RUNS.numRuns / 10, `${read} were JSON`)
})

const string = { type: 'string' }
const list = (items: object) => ({ type: 'array', items })
const query = (name: string, schema: object) => ({ name, in: 'query', schema })
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Things', version: '1' },
  servers: [{ url: 'http://127.0.0.1:1' }],
  paths: {
    '/things/{thing}': {
      post: {
        'x-remit-action': 'do',
        parameters: [
          { name: 'thing', in: 'path', required: true, schema: string },
          query('q', string),
          query('n', { type: 'integer' }),
          query('yes', { type: 'boolean' }),
          query('tag', list(string)),
        ],
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                additionalProperties: false,
                properties: {
                  amount: { type: 'number' },
                  count: { type: 'integer' },
                  when: { type: 'string', format: 'date-time' },
                  kind: { type: 'string', enum: ['small', 'large'] },
                  text: string,
                  flag: { type: 'boolean' },
                  texts: list(string),
                  numbers: list({ type: 'number' }),
                  owner: {
                    type: 'object',
                    additionalProperties: false,
                    properties: { id: string, sum: { type: 'number' } },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
}
const PLAN = planImport(DOCUMENT, { name: 'things', identifier: 'http://127.0.0.1:2/things' })

const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
const number = fc.oneof(
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map(String),
  fc
    .tuple(fc.integer({ min: 0, max: 99_999 }), fc.integer({ min: 0, max: 9_999 }))
    .map((each) => each.join('.')),
  fc.constantFrom('12.50', '12.5', '0.0001', '1e2', '-0', '1.0'),
)
const texts = (of: fc.Arbitrary<string>) =>
  fc.array(of, { maxLength: 3 }).map((each) => `[${each}]`)
const quoted = word.map((text) => JSON.stringify(text))
const optional = { requiredKeys: [] as [] }
const body = fc
  .record(
    {
      amount: number,
      count: fc.integer().map(String),
      when: fc.constantFrom('"2026-11-25T10:00:00Z"', '"2026-11-25T12:00:00.5+02:00"'),
      kind: fc.constantFrom('"small"', '"large"'),
      text: quoted,
      flag: fc.constantFrom('true', 'false', 'null'),
      texts: texts(quoted),
      numbers: texts(number),
      owner: fc
        .record({ id: quoted, sum: number }, optional)
        .map((members) => printed(Object.entries(members))),
    },
    optional,
  )
  .map((members) => printed(Object.entries(members)))
const pairs = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom('q', 'tag'), word),
    fc.tuple(fc.constant('n'), fc.integer().map(String)),
    fc.tuple(fc.constant('yes'), fc.constantFrom('true', 'false')),
  ),
  { maxLength: 5 },
)

function printed(members: readonly (readonly [string, string | undefined])[]): string {
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(', ')}}`
}

interface Request {
  readonly thing: string
  readonly pairs: readonly (readonly [string, string])[]
  readonly body: string
}
const request: fc.Arbitrary<Request> = fc.record({ thing: word, pairs, body })

/** Target as the gateway sends it on. */
function targetOf(given: Request): string {
  const search = given.pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
  return `/things/${encodeURIComponent(given.thing)}${search && `?${search}`}`
}

/**
 * Call that Remit decides on, as its tokens and answers say it; `undefined`: it refuses the
 * request.
 */
function decided(given: Request) {
  return attempt(() => {
    const { query: pairs, segments } = readStrictTarget(targetOf(given))
    const found = matchAction(PLAN.actions, 'POST', segments)
    if (!found) throw new Error('no action')
    const typed = typeArguments(found.action, {
      path: found.path,
      query: pairs,
      body: parseJson(given.body),
    })
    if (!typed.ok) throw new Error(typed.detail)
    return argumentTextsOf(JSON.parse(JSON.stringify(argumentTexts(typed.arguments))))
  })
}

function readByApi(given: Request) {
  const { query: pairs, segments } = readTarget(targetOf(given))
  const path = template('/things/{thing}')(segments)
  assert.ok(path)
  return readArguments({ path, query: pairs, body: readExactJson(given.body) }).all
}

it('the API finds in a request exactly what was decided on', () => {
  let permitted = 0
  fc.assert(
    fc.property(request, (given) => {
      const arguments_ = decided(given)
      if (!arguments_) return
      permitted++
      assert.ok(sameArguments(arguments_, readByApi(given)), JSON.stringify(given))
    }),
    RUNS,
  )
  assert.ok(permitted > RUNS.numRuns / 10, `${permitted} were permitted`)
})

it('the API finds it in no other request', () => {
  fc.assert(
    fc.property(request, request, fc.constantFrom('thing', 'pairs', 'body'), (one, two, part) => {
      const other = { ...one, [part]: two[part] }
      const [first, second] = [decided(one), decided(other)]
      if (!first || !second) return
      const same = JSON.stringify(sorted(first)) === JSON.stringify(sorted(second))
      assert.equal(sameArguments(first, readByApi(other)), same)
    }),
    RUNS,
  )
})

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => [name, sorted(each)])
}
