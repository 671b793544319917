import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { asWritten, canonicalSlices, writeCanonicalInSteps } from './canonical-in-steps.ts'
import { CanonicalText, canonicalJson } from './canonical-json.ts'
import { runAtOnce } from './in-steps.ts'
import { type Json, parseJson } from './json.ts'

const long = (count: number) =>
  `{${Array.from({ length: count }, (_, i) => `"m${(i * 7919) % count}":[${i},{"b":"é","a":null}]`)}}`

test('the canonical form that is written in slices is that of `canonicalJson`', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5, stringUnit: 'grapheme' }), (text) => {
      fc.pre(!/\\u0000|__proto__/.test(text))
      const value = parseJson(text)
      assert.equal(runAtOnce(canonicalSlices(value)), canonicalJson(value))
    }),
  )
  for (const count of [8_191, 8_192, 8_193, 20_000]) {
    const value = parseJson(long(count), { bytes: 4 * 1024 * 1024 })
    assert.equal(runAtOnce(canonicalSlices(value)), canonicalJson(value))
  }
})

test('W10: a long canonical form takes a slice for every 8,192 values, names that are sorted among them', () => {
  const slices = (value: Json) => {
    let count = 0
    for (const work = canonicalSlices(value); !work.next().done; ) count++
    return count
  }
  assert.equal(slices(parseJson('{"a":[1,2,3]}')), 0)
  assert.ok(slices(Array(65_536).fill('a')) >= 7)
  assert.ok(slices(Array(65_536).fill([])) >= 7)
  const names = Array.from({ length: 65_536 }, (_, i) => [`m${i}`, null] as const)
  assert.ok(slices(new Map<string, Json>(names)) >= 7 + 7 + 3 * 8)
})

test('the text of a long value stands for it wherever it is written again, by itself or as a member', async () => {
  const value = parseJson(long(5_000))
  assert.equal(asWritten(value), value)
  const text = await writeCanonicalInSteps(value)
  const written = asWritten(value)
  assert.ok(written instanceof CanonicalText && written.text === text)
  const message = new Map<string, Json>([
    ['name', 'tool'],
    ['arguments', value],
  ])
  assert.equal(canonicalJson(asWritten(message)), canonicalJson(message))
  assert.ok([...(asWritten(message) as Map<string, unknown>).values()][1] === written) // as: a message is a map
  const short = parseJson('{"a":1}')
  assert.equal(canonicalJson(asWritten(short)), '{"a":1}')
})
