/** Compares a hundred times as much as differential.test.ts: ten million comparisons. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { compareCases, compareOperations, compareTexts, seeds } from './differential.ts'

/** `DIFFERENTIAL_SEED` is another place to start from: what was compared before need not be compared again. */
const START = Number(process.env.DIFFERENTIAL_SEED ?? 1e9)
const PARTS = 100

for (let part = 0; part < PARTS; part++) {
  const from = START + part * 1000
  test(`from seed ${from}`, { timeout: 600_000 }, async () => {
    // An hour in all: what is done is told meanwhile, which a thread that never rests could not.
    await setImmediate()
    const compared =
      compareCases(seeds(from, 700), 100) +
      compareTexts(seeds(from, 200), 100) +
      compareOperations(seeds(from, 100), 150)
    assert.equal(compared, 105_000)
  })
}
