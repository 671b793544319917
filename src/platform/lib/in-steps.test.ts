import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256url } from './bytes.ts'
import { mapInSteps, sha256urlInSteps } from './in-steps.ts'

test('a long list is gone through in steps, in order, and others get their turn in between', async () => {
  let turns = 0
  let done = false
  const other = () => {
    turns++
    if (!done) setImmediate(other)
  }
  setImmediate(other)
  const list = Array.from({ length: 1_000 }, (_, i) => i)
  const doubled = await mapInSteps(list, (i) => i * 2)
  done = true
  assert.deepEqual(
    doubled,
    list.map((i) => i * 2),
  )
  assert.ok(turns >= 39, `others had ${turns} turns`)
})

test('what is thrown for one item ends it', async () => {
  const seen: number[] = []
  const walked = mapInSteps([1, 2, 3], (i) => {
    seen.push(i)
    if (i === 2) throw new RangeError('two')
  })
  await assert.rejects(walked, /two/)
  assert.deepEqual(seen, [1, 2])
})

test('the digest of a long text is that of the whole, wherever it is cut', async () => {
  const most = 1_048_576
  const texts = [
    '',
    'short ü',
    'x'.repeat(most),
    `${'x'.repeat(most - 1)}\u{1f600}${'y'.repeat(most)}`,
  ]
  for (const text of [...texts, `${'x'.repeat(most)}\u{1f600}`, '\u{1f600}'.repeat(most)])
    assert.equal(await sha256urlInSteps(text), sha256url(text))
})
