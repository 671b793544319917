import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Dictionary, MAX_PHRASES } from './dictionary.ts'
import { COMMITTED_VALUES, DECISION_INPUTS, EXPLANATIONS, RECORDS } from './phrases.ts'

const STORED = { RECORDS, COMMITTED_VALUES, DECISION_INPUTS, EXPLANATIONS }

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text))
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')
const codes = (...numbers: readonly number[]) => String.fromCharCode(...numbers)

describe('a dictionary', () => {
  const small = new Dictionary(['{"a":"', '","b":"', '","b":"x"}', '"}'])

  test('writes a phrase as one byte, the longest that fits', () => {
    assert.equal(small.shortenText('{"a":"1","b":"2"}'), `${codes(1)}1${codes(2)}2${codes(4)}`)
    assert.equal(small.shortenText('{"a":"1","b":"x"}'), `${codes(1)}1${codes(3)}`)
    assert.equal(small.shortenText('{"a":"1","b'), `${codes(1)}1","b`)
    assert.equal(small.shortenText(''), '')
  })

  test('keeps a text that has control characters as it is', () => {
    for (const text of ['\u0001', '{"a":"\n', 'a\u001f', '\u001f', '\t{"a":"'])
      assert.equal(small.restoreText(small.shortenText(text)), text)
    assert.equal(small.shortenText('{"a":"\n'), '\u001f{"a":"\n')
  })

  test('reads what was never shortened', () => {
    const text = '{"a":"1","b":"é €"}'
    assert.equal(small.restoreText(text), text)
    assert.deepEqual(small.restore(bytesOf(text)), bytesOf(text))
  })

  test('gives back each text, and each byte, of whatever length', () => {
    const parts = fc.constantFrom('{"a":"', '","b":"', 'x"}', '"', '"}', '{"', 'ü', '€', '😀')
    const near = fc.array(parts, { maxLength: 40 }).map((words) => words.join(''))
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary' })), (text) => {
        assert.equal(small.restoreText(small.shortenText(text)), text)
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const shortened = small.shorten(bytes)
        assert.ok(shortened.length <= bytes.length + 1)
        assert.deepEqual(new Uint8Array(small.restore(shortened)), bytes)
      }),
    )
    for (const length of [5_460, 5_461, 5_462, 16_383, 16_384, 16_385, 400_000]) {
      const text = `{"a":"${'é'.repeat(length)}"}`
      assert.equal(small.restoreText(small.shortenText(text)), text)
      assert.equal(textOf(small.restore(small.shorten(bytesOf(text)))), text)
    }
  })

  test('answers bytes that are its own', () => {
    const one = small.shorten(bytesOf('{"a":"1"}'))
    small.shorten(bytesOf('{"a":"2"}'))
    assert.equal(textOf(small.restore(one)), '{"a":"1"}')
    assert.equal(one.buffer.byteLength, one.length, 'nothing else goes where they go')
  })

  test('is refused with more phrases than codes, and with what is no plain text', () => {
    const phrases = Array.from({ length: MAX_PHRASES + 1 }, (_, i) => `"${i}"`)
    assert.throws(() => new Dictionary(phrases), /too many/)
    assert.throws(() => new Dictionary(['é']), /ASCII/)
    assert.throws(() => new Dictionary(['\n']), /ASCII/)
  })
})

/** Number of phrases that rows may have, and a digest of what their codes stand for. */
const RELEASED = {
  RECORDS: [30, 'bcc9e72253a1'],
  COMMITTED_VALUES: [17, '3e14324353c6'],
  DECISION_INPUTS: [21, '32b072b9866f'],
  EXPLANATIONS: [12, 'be1217b27e71'],
} as const

describe('the dictionaries of stored texts', () => {
  for (const name of Object.keys(STORED) as (keyof typeof STORED)[]) // as: they are its keys
    test(`${name}: no phrase has left its place`, () => {
      const [count, digest] = RELEASED[name]
      const phrases = Array.from({ length: count }, (_, i) =>
        STORED[name].restoreText(codes(1 + i)),
      )
      assert.equal(
        createHash('sha256').update(phrases.join('\0')).digest('hex').slice(0, 12),
        digest,
      )
    })

  test('halves the record of an intent', () => {
    const record = JSON.stringify({
      ...{ action: 'orders.read', agent: 'refund-bot', call_hash: 'h'.repeat(43) },
      ...{ chain: ['refund-bot'], commitments: { arguments: 'c'.repeat(43), origin: 'o' } },
      ...{ decision_id: 'dec_1', event_id: 'rec_2', outcome: 'permit', person: 'psn_3' },
      ...{ policy_version: 1, reason: 'permitted', resource: 'orders', task: 'tsk_4' },
      ...{ thumbprint: 't'.repeat(43), time: '2026-12-01T02:31:08.132Z', token_id: 'Q' },
      ...{ type: 'decision.intent', v: 1 },
    })
    const shortened = RECORDS.shorten(bytesOf(record))
    assert.equal(record.length - shortened.length, 294)
  })
})
