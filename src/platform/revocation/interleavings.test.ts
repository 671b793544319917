import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { systemRandom } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { Live } from './live.ts'
import { keyText, type LiveKey } from './live-state.ts'
import { ManualTime } from './testing.ts'

/**
 * Revocation is linearizable: no check that permits happens after a revocation of what it rests on has returned, on any
 * replica, in any interleaving. The check is `holds`, in the tick in which the first byte would be written.
 */
const REPLICAS = 3
const CHECKS = 40
const REVOCATIONS = 12

/** Small and repeatable; a run is its seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

interface Counts {
  permitted: number
  overtaken: number
}

async function run(storage: Storage, seed: number, counts: Counts): Promise<void> {
  const roll = dice(seed)
  const time = new ManualTime()
  const turns = async (most: number) => {
    for (let left = roll(most); left > 0; left--) await setImmediate()
  }
  const lives = Array.from(
    { length: REPLICAS },
    () =>
      new Live({
        storage: time.over(storage, () => turns(6)),
        clock: time.clock,
        wait: time.wait,
        random: systemRandom,
      }),
  )
  const any = <T>(list: readonly T[]): T => list[roll(list.length)] ?? assert.fail()
  const keys = ['a', 'b'].map((name): LiveKey => ({ kind: 'task', id: `${name}${seed}` }))
  for (const live of lives) await live.renew()
  await storage.commit(keys.map((key) => any(lives).beginStep(key)))

  /** Epoch of the newest revocation that has returned, by key. */
  const revoked = new Map<string, number>()
  let working = true

  async function check(): Promise<void> {
    await turns(400)
    const live = any(lives)
    const view = await live.view(roll(3) ? keys : keys.slice(0, 1))
    await turns(roll(2) ? 10 : 200)
    // From here to the end nothing else runs.
    const holds = live.holds(view)
    const overtaken = view.states.filter(
      (state) => state.epoch < (revoked.get(keyText(state)) ?? 0),
    )
    if (holds) counts.permitted++
    if (overtaken.length > 0) counts.overtaken++
    assert.ok(!(holds && overtaken.length > 0), `permitted after a revocation returned (${seed})`)
  }

  async function revoke(): Promise<void> {
    await turns(400)
    const live = any(lives)
    const state = any(['active', 'suspended', 'active'] as const)
    const change = await storage.transaction((tx) => live.raise(tx, [{ ...any(keys), state }]))
    await turns(4)
    const since = time.clock.monotonic()
    await live.settle(change)
    assert.ok(time.clock.monotonic() - since <= 5_000 + 2_000, 'a revocation takes a lease at most')
    for (const raised of change.states)
      revoked.set(keyText(raised), Math.max(raised.epoch, revoked.get(keyText(raised)) ?? 0))
  }

  async function renewals(live: Live): Promise<void> {
    while (working) {
      // Now and then, one stands still for longer than a lease.
      await time.wait(roll(6) ? roll(1_500) : roll(12_000), new AbortController().signal)
      if (working) await live.renew()
    }
  }

  const loops = lives.map(renewals)
  const work = Promise.all([
    ...Array.from({ length: CHECKS }, check),
    ...Array.from({ length: REVOCATIONS }, revoke),
  ]).finally(() => {
    working = false
  })
  const passing = (async () => {
    while (working) {
      await setImmediate()
      time.advance(roll(8) ? roll(60) : roll(2_000))
    }
    // The loops end when their waits do.
    for (let left = 0; left < 20; left++) {
      time.advance(1_000)
      await setImmediate()
    }
  })()
  await work
  await Promise.all([passing, ...loops])
  for (const live of lives) await live.stop()
}

forEachEngine('live, every interleaving', (open) => {
  test('no check permits after a revocation of what it rests on has returned', async () => {
    const storage = await open()
    const counts: Counts = { permitted: 0, overtaken: 0 }
    // How much happens at once depends on how fast the store is, so a slow one gets more runs.
    for (let more = 6; more > 0 && !(counts.permitted > 20 && counts.overtaken > 5); more--)
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), (seed) =>
          run(storage, seed, counts),
        ),
        { numRuns: 25, endOnFailure: true },
      )
    assert.ok(counts.permitted > 20, 'many checks permit')
    assert.ok(counts.overtaken > 5, 'many checks are overtaken by a revocation')
  })
})
