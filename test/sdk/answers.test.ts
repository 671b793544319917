import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answeringFor } from '../../sdk/src/api/answers/answering.ts'
import { answerVectors } from '../vectors/answers.ts'

const { amounts, hashKey, told } = answerVectors()
const decisionId = 'dec_1'
const json = (text: string, over: object = {}) => ({
  contentType: 'application/json',
  contentEncoding: '',
  bytes: new TextEncoder().encode(text),
  ...over,
})

test('an API tells of its answers what the gateway would tell', async () => {
  for (const { answer, obligations, told: right } of told) {
    const answering = answeringFor({ obligations, settles: [] }, { hashKey, decisionId })
    assert.ok(answering?.holds)
    const made = await answering.tell(json(answer))
    assert.equal('bytes' in made ? new TextDecoder().decode(made.bytes) : null, right, answer)
  }
})

test('an API reads of its answers what the gateway would read', () => {
  for (const { amount, answer, limit, path } of amounts) {
    const settles = [{ limit, path }]
    const answering = answeringFor({ obligations: [], settles }, { hashKey: undefined, decisionId })
    assert.ok(answering && !answering.holds)
    const right = amount === null ? [] : [{ limit, path, amount }]
    assert.deepEqual(answering.amounts(json(answer)), right, answer)
  }
})

test('what is not known, or cannot be done without a key, lets no call run', () => {
  for (const obligation of [
    { type: 'https://rules.example/log', properties: {} },
    { type: 'redact', properties: {} },
    { type: 'redact', properties: { paths: 'email' } },
    { type: 'cap', properties: { path: '/a', most: '0' } },
    { type: 'cap', properties: { path: '/a', most: '1e9' } },
    { type: 'hash', properties: { paths: '/a' } },
  ])
    assert.throws(
      () =>
        answeringFor(
          { obligations: [obligation], settles: [] },
          { hashKey: undefined, decisionId },
        ),
      /not known here/,
      JSON.stringify(obligation),
    )
  assert.equal(
    answeringFor({ obligations: [], settles: [] }, { hashKey: undefined, decisionId }),
    undefined,
  )
})

test('an answer that is no plain JSON, or too large, is withheld whole and says no amounts', async () => {
  const asked = {
    obligations: [{ type: 'redact', properties: { paths: '/e' } }],
    settles: [{ limit: 'rows', path: '/r' }],
  } as const
  const answering = answeringFor(asked, { hashKey: undefined, decisionId })
  assert.ok(answering)
  const good = '{"e":1,"r":[1]}'
  for (const over of [
    { contentType: 'text/plain' },
    { contentType: '' },
    { contentType: 'text/event-stream' },
    { contentType: 'application/x-ndjson' },
    { contentType: 'application/json; charset=utf-7' },
    { contentType: 'application/json; charset=utf-8; charset=utf-7' },
    { contentEncoding: 'gzip' },
    { bytes: undefined },
    { bytes: Uint8Array.of(0x22, 0xff, 0x22) },
  ]) {
    const answer = json(good, over)
    const made = await answering.tell(answer)
    assert.ok('withheld' in made, JSON.stringify(over))
    assert.equal(made.withheld.status, 502)
    assert.match(made.withheld.body, /obligation\.failed/)
    assert.deepEqual(answering.amounts(answer), [])
  }
  for (const contentType of ['application/problem+json', 'application/json; charset="UTF-8"']) {
    const made = await answering.tell(json(good, { contentType }))
    assert.ok('bytes' in made)
  }
  const none = await answering.tell(json('', { contentType: '' }))
  assert.ok('bytes' in none && none.bytes.byteLength === 0)
})
