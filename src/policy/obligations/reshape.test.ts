import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Obligation } from '@remit/engine'
import fc from 'fast-check'
import { answerVectors } from '../../../test/vectors/answers.ts'
import { isObject, parseJson, printJson } from '../../platform/lib/json.ts'
import { REDACTED, RESHAPING, reshapeFor } from './reshape.ts'
import { admitsJson, reshapeBody } from './reshape-body.ts'
import { reshapeResult } from './reshape-result.ts'

const KEY = new Uint8Array(32).fill(7)
const redact = (...paths: string[]) => one('redact', { paths: paths.join(' ') })
const hash = (...paths: string[]) => one('hash', { paths: paths.join(' ') })
const cap = (path: string, most: number) => one('cap', { path, most: String(most) })
let last = 0
function one(type: string, properties: Readonly<Record<string, string>>): Obligation {
  return { id: String(last++), type, properties }
}

function told(text: string, ...obligations: Obligation[]): string {
  const reshape = reshapeFor(obligations, () => KEY)
  assert.ok(reshape)
  return printJson(reshape(parseJson(text)))
}
test('what is redacted, hashed and cut is told so, wherever it is; what cannot be made that is withheld', () => {
  const { hashKey, told } = answerVectors()
  assert.ok(told.length > 30)
  for (const { answer, obligations, told: right } of told) {
    const reshape = reshapeFor(
      obligations.map(({ properties, type }) => one(type, properties)),
      () => hashKey,
    )
    assert.ok(reshape)
    const body = Buffer.from(answer)
    const made = () => String(reshapeBody(reshape, { body, contentType: 'application/json' }))
    if (right === null) assert.throws(made, { code: 'obligation.failed' }, answer)
    else assert.equal(made(), right, answer)
  }
})

test('of two that name the same, the stricter one counts, in whatever order', () => {
  const both = [redact('/e'), hash('/e')]
  for (const order of [both, both.toReversed()])
    assert.equal(told('{"e":1}', ...order), `{"e":"${REDACTED}"}`)
  for (const order of [
    [cap('/a', 3), cap('/a', 1)],
    [cap('/a', 1), cap('/a', 3)],
  ])
    assert.equal(told('{"a":[1,2,3,4]}', ...order), '{"a":[1]}')
  assert.equal(told('{"e":1}', redact('/e'), hash('/e/x')), `{"e":"${REDACTED}"}`)
  assert.equal(
    reshapeFor([one('notify', {})], () => KEY),
    undefined,
  )
})

test('property: a name that is redacted everywhere is nowhere told', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constant('SECRET'),
      fc.integer(),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'e'), tie('any'), { maxKeys: 3 }),
    ),
  })).any
  fc.assert(
    fc.property(value, (inner) => {
      const text = JSON.stringify({ list: [{ e: inner }, [{ e: inner }]], e: inner })
      const out = told(text, redact('/e', '/list/e'))
      assert.ok(!out.includes('SECRET'))
    }),
  )
})

test('a body is told whole as it has to be, or not at all', () => {
  const reshape = reshapeFor([redact('/e')], () => KEY)
  assert.ok(reshape)
  const body = (text: string, contentType = 'application/json') =>
    reshapeBody(reshape, { body: Buffer.from(text), contentType })
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'application/json; profile="https://a.example/b"; charset="UTF-8"',
    'application/json;',
    'application/problem+json',
    'Application/JSON',
  ])
    assert.equal(String(body('{"e":1}', type)), `{"e":"${REDACTED}"}`)
  assert.equal(String(body('')), '')
  for (const [text, type] of [
    ['{"e":1}', 'text/plain'],
    ['{"e":1}', ''],
    ['{"e":1}', 'text/event-stream'],
    ['{"e":1}', 'application/x-ndjson'],
    // Whoever obeys the charset reads a name there that we do not see.
    ['{"+AGU-":1}', 'application/json; charset=utf-7'],
    ['{"e":1}', 'application/json; profile=x; charset="iso-8859-1"'],
    ['{"e":1}', 'application/json; charset=utf-8; charset=utf-7'],
    ['{"e":1}\n{"e":2}', 'application/json'],
    ['{"e":1', 'application/json'],
    ['{"e":1,"e":2}', 'application/json'],
    ['\ufeff{"e":1}', 'application/json'],
    [`"${'x'.repeat(1024 * 1024)}"`, 'application/json'],
    [`${'['.repeat(100)}${']'.repeat(100)}`, 'application/json'],
  ] as const) {
    const refusal = { name: 'Problem', code: 'obligation.failed' }
    assert.throws(() => body(text, type), refusal, text.slice(0, 20))
  }
})

test('which answers would do for a caller', () => {
  for (const yes of [
    undefined,
    '*/*',
    'application/*',
    'application/json',
    'text/html, */*;q=0.1',
    'APPLICATION/JSON',
  ])
    assert.ok(admitsJson(yes), yes)
  for (const no of [
    'text/event-stream',
    'text/html',
    'application/jsonx',
    'application/octet-stream',
    '',
  ])
    assert.ok(!admitsJson(no), no)
})

test('an obligation that names no part changes nothing, and an index is one of any length', () => {
  for (const paths of ['', ' '])
    assert.equal(
      reshapeFor([one('redact', { paths })], () => KEY),
      undefined,
    )
  const items = Array.from({ length: 12 }, (_, i) => i)
  assert.deepEqual(
    JSON.parse(told(JSON.stringify(items), redact('/10', ' '))),
    items.with(10, REDACTED as never), // as: a text among numbers
  )
  assert.deepEqual(RESHAPING, ['redact', 'hash', 'cap'])
})

test('results of tools: structured, or texts that are JSON; nothing else is told', () => {
  const reshape = reshapeFor([redact('/e')], () => KEY)
  assert.ok(reshape)
  const result = (text: string, method = 'tools/call') => {
    const value = parseJson(text)
    assert.ok(isObject(value))
    const out = reshapeResult(method, value, reshape)
    return out && printJson(out)
  }
  const R = `"${REDACTED}"`
  assert.equal(
    result('{"structuredContent":{"e":1,"n":1.10},"content":[{"type":"text","text":"e is 1"}]}'),
    `{"content":[{"type":"text","text":${JSON.stringify(`{"e":${R},"n":1.10}`)}}],"structuredContent":{"e":${R},"n":1.10}}`,
  )
  assert.equal(
    result(
      '{"content":[{"type":"text","text":"{\\"e\\":1}","annotations":{"e":1}}],"isError":true}',
    ),
    `{"content":[{"type":"text","text":${JSON.stringify(`{"e":${R}}`)}}],"isError":true}`,
  )
  assert.equal(
    result('{"contents":[{"uri":"a://b","text":"{\\"e\\":1}"}]}', 'resources/read'),
    `{"contents":[{"uri":"a://b","text":${JSON.stringify(`{"e":${R}}`)}}]}`,
  )
  for (const [text, method] of [
    ['{"content":[{"type":"text","text":"e is 1"}]}', 'tools/call'],
    [
      '{"content":[{"type":"text","text":"{\\"e\\":1}"},{"type":"image","data":"AA=="}]}',
      'tools/call',
    ],
    ['{"content":[{"type":"resource","resource":{"text":"{}"}}]}', 'tools/call'],
    ['{}', 'tools/call'],
    ['{"content":[],"isError":{"e":"SECRET"}}', 'tools/call'],
    ['{"structuredContent":{"e":1},"isError":"SECRET"}', 'tools/call'],
    ['{"contents":[{"uri":{"e":"SECRET"},"text":"{}"}]}', 'resources/read'],
    ['{"contents":[{"uri":"a","blob":"AA=="}]}', 'resources/read'],
    ['{"messages":[]}', 'prompts/get'],
    ['{"content":[]}', 'whatever/else'],
  ] as const)
    assert.equal(result(text, method), undefined, text)
})
