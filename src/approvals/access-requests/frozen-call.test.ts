import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Canonical } from '../../platform/lib/canonical-json.ts'
import { ExactNumber, type Json, parseJson } from '../../platform/lib/json.ts'
import { aCall } from '../approvals/testing.ts'
import { callHash, type FrozenCall, frozenText } from './frozen-call.ts'

/** Every place in a value where something can be changed, with one change made there. */
function* mutants(value: Json): Generator<Json> {
  if (typeof value === 'string') yield `${value}\u200b`
  else if (typeof value === 'boolean') yield !value
  else if (value === null) yield false
  else if (value instanceof ExactNumber)
    yield new ExactNumber(`${value.text.replace(/e.*/i, '')}e9`)
  else if (value instanceof Map) {
    for (const [name, item] of value) {
      for (const changed of mutants(item)) yield new Map(value).set(name, changed)
      const without = new Map(value)
      without.delete(name)
      yield without
    }
    yield new Map(value).set('one more', true)
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries())
      for (const changed of mutants(item)) yield value.with(i, changed)
    yield [...value, null]
    if (value.length > 0) yield value.slice(1)
    if (value.length > 1 && JSON.stringify(value[0]) !== JSON.stringify(value[1]))
      yield [value[1] ?? null, value[0] ?? null, ...value.slice(2)]
  }
}

const json = fc.json({ maxDepth: 3 }).map((text) => {
  try {
    return parseJson(text)
  } catch {
    return parseJson('{"amount":900.00}')
  }
})
const words = fc.string({ unit: 'grapheme', maxLength: 12 })
const pairs = fc.array(fc.tuple(words, words), { maxLength: 3 })
const calls: fc.Arbitrary<FrozenCall> = fc.record({
  person: words,
  chain: fc.array(words, { minLength: 1, maxLength: 3 }),
  task: words,
  resource: words,
  upstream: words,
  definition: words,
  action: words,
  method: words,
  path: words,
  query: pairs,
  headers: pairs,
  body: fc.oneof(
    fc.constant({ kind: 'none' as const }),
    json.map((value) => ({ kind: 'json' as const, value })),
    words.map((digest) => ({ kind: 'digest' as const, digest })),
  ),
})

test('any single changed leaf of a call is another call', () => {
  fc.assert(
    fc.property(calls, (call) => {
      const hash = callHash(call)
      assert.equal(callHash(structuredCopy(call)), hash)
      const { body, ...rest } = call
      const plain = parseJson(frozenText({ ...rest, body: { kind: 'none' } }))
      assert.ok(plain instanceof Map)
      plain.delete('body')
      for (const mutant of mutants(plain)) {
        assert.ok(mutant instanceof Map)
        const other = { ...Object.fromEntries(mutant), body } as unknown as FrozenCall // as: a mutant of one
        if (mutant.has('one more') || mutant.size < plain.size) continue
        assert.notEqual(callHash(other), hash)
      }
      if (body.kind !== 'json') return
      for (const value of mutants(body.value as Json)) // as: it came from parseJson
        assert.notEqual(callHash({ ...call, body: { kind: 'json', value } }), hash)
    }),
    { numRuns: 300 },
  )
})

function structuredCopy(call: FrozenCall): FrozenCall {
  return { ...call, chain: [...call.chain], query: [...call.query], headers: [...call.headers] }
}

test('every member of a call is in its hash and in the text that is displayed', () => {
  const call = aCall()
  const changes: { [Name in keyof FrozenCall]: FrozenCall[Name] } = {
    person: 'psn_other',
    chain: ['refund-bot', 'coordinator'],
    task: 'tsk_other',
    resource: 'crm',
    upstream: 'https://other.example',
    definition: 'other',
    action: 'orders.read',
    method: 'PUT',
    path: '/orders/1043/refunds',
    query: [['dry_run', 'true']],
    headers: [['accept', 'text/html']],
    body: { kind: 'none' },
  }
  for (const [name, value] of Object.entries(changes)) {
    const other = { ...call, [name]: value }
    assert.notEqual(callHash(other), callHash(call), name)
    assert.notEqual(frozenText(other), frozenText(call), name)
  }
})

test('40.00 and 40.0 are different calls: what was shown is the text that is sent', () => {
  const body = (text: string) => ({
    kind: 'json' as const,
    value: { amount: new ExactNumber(text) },
  })
  assert.notEqual(callHash(aCall({ body: body('40.00') })), callHash(aCall({ body: body('40.0') })))
})

test('a JSON body cannot pass for the digest of another body, nor for none', () => {
  const value: Canonical = { digest: 'x' }
  const hashes = new Set([
    callHash(aCall({ body: { kind: 'json', value } })),
    callHash(aCall({ body: { kind: 'digest', digest: 'x' } })),
    callHash(aCall({ body: { kind: 'none' } })),
    callHash(aCall({ body: { kind: 'json', value: null } })),
  ])
  assert.equal(hashes.size, 4)
})

test('member order of a body does not matter, list order does', () => {
  const a = parseJson('{"a":1,"b":[1,2]}')
  const b = parseJson('{"b":[1,2],"a":1}')
  const c = parseJson('{"b":[2,1],"a":1}')
  const hash = (value: Json) => callHash(aCall({ body: { kind: 'json', value } }))
  assert.equal(hash(a), hash(b))
  assert.notEqual(hash(a), hash(c))
})

test('A13: the text that is displayed is the text that is hashed', () => {
  const call = aCall()
  assert.match(frozenText(call), /^\{"action":"orders\.refund","body":\{"kind":"json"/)
  assert.equal(callHash(call).length, 43)
})
