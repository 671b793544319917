// Measures every room that has a score. `run.ts` writes scores; this holds the rooms to them.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ROOMS } from './rooms.ts'
import { AIM, percent, readScores } from './scores.ts'
import { measure } from './stryker.ts'

describe('tests notice when a guard is changed', () => {
  const scores = readScores()
  for (const [name, room] of Object.entries(ROOMS)) {
    const score = scores[name]
    if (score === undefined) continue
    test(name, async (t) => {
      const measured = await measure(room)
      t.diagnostic(`${name}: ${measured.killed} of ${measured.mutants}, ${percent(measured)} %`)
      const least = Math.min(AIM, percent(score))
      assert.ok(percent(measured) >= least, JSON.stringify(measured.survivors, undefined, 2))
    })
  }
})
