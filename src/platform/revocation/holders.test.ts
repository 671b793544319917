import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import type { HolderAnswer } from './holders.ts'
import { LEASE_MS } from './lease.ts'
import { Live } from './live.ts'
import { type LiveKey, ORGANIZATION } from './live-state.ts'
import { ManualTime } from './testing.ts'

const TASK: LiveKey = { kind: 'task', id: 'tsk_1' }

/** Program that follows live state as an API does: one request at a time, each acknowledges the answer before. */
class Follower {
  readonly #live: Live
  readonly #time: ManualTime
  readonly heard: string[] = []
  resets = 0
  until = Number.NEGATIVE_INFINITY
  last: HolderAnswer | undefined

  constructor(live: Live, time: ManualTime) {
    this.#live = live
    this.#time = time
  }

  get inForce(): boolean {
    return this.#time.clock.monotonic() < this.until
  }

  async ask(owner = 'shop-api'): Promise<HolderAnswer> {
    const sent = this.#time.clock.monotonic()
    const { position, session } = this.last ?? {}
    const answer = await this.#live.follow({ owner, session, position })
    this.last = answer
    if (answer.reset) this.resets++
    this.heard.push(...answer.changes.map(({ id }) => id))
    if (answer.leaseMs > 0) this.until = sent + answer.leaseMs
    return answer
  }

  /** Asks, and lets the replica renew meanwhile. */
  async askAndRenew(): Promise<HolderAnswer> {
    const asked = this.ask()
    await this.#time.rest()
    await this.#live.renew()
    return asked
  }
}

async function replicas(storage: Storage) {
  const time = new ManualTime()
  const { clock, wait } = time
  const replica = async () => {
    const live = new Live({ storage: time.over(storage), clock, wait, random: systemRandom })
    await live.renew()
    await storage.transaction(async (tx) => {
      for (const key of [ORGANIZATION, TASK]) await live.begin(tx, key)
    })
    return live
  }
  const revoke = async (by: Live) => {
    const change = await storage.transaction((tx) =>
      by.raise(tx, [{ ...TASK, state: 'suspended' }]),
    )
    const state = { done: false }
    const settled = by.settle(change).then(() => {
      state.done = true
    })
    await time.rest()
    return { state, settled }
  }
  return { time, replica, revoke }
}

forEachEngine('programs that follow live state', (open) => {
  test('a revocation here waits until they have acknowledged it', async () => {
    const { replica, revoke, time } = await replicas(await open())
    const live = await replica()
    const api = new Follower(live, time)
    const first = await api.askAndRenew()
    assert.ok(first.reset && first.leaseMs > 4_000 && first.leaseMs <= LEASE_MS)
    const waiting = api.ask()
    const { settled, state } = await revoke(live)
    assert.equal(state.done, false, 'it has not said that it dropped anything')
    const { changes, leaseMs } = await waiting
    assert.deepEqual([changes.map(({ id }) => id), leaseMs], [[TASK.id], 0])
    const acknowledging = api.ask()
    await time.pass(200)
    await settled
    assert.ok(api.inForce, 'it answered, so nobody had to wait for the end of its lease')
    await live.renew()
    assert.deepEqual((await acknowledging).changes, [])
  })

  test('so does one of another replica, through the replica that they follow', async () => {
    const { replica, revoke, time } = await replicas(await open())
    const [here, there] = [await replica(), await replica()]
    const api = new Follower(here, time)
    await api.askAndRenew()
    const waiting = api.ask()
    const { settled, state } = await revoke(there)
    await here.renew()
    assert.equal((await waiting).changes.length, 1)
    await time.pass(200)
    assert.equal(state.done, false, 'the replica has dropped it, its follower has not said so')
    const acknowledging = api.ask()
    await time.rest()
    await here.renew()
    await time.pass(200)
    await settled
    assert.ok(state.done && api.inForce)
    await acknowledging
  })

  test('one that says nothing has no lease any more when the revocation returns', async () => {
    const { replica, revoke, time } = await replicas(await open())
    const [here, there] = [await replica(), await replica()]
    for (const by of [here, there]) {
      const api = new Follower(here, time)
      await api.askAndRenew()
      const { settled, state } = await revoke(by)
      const renewing = async () => {
        for (let ms = 0; ms < LEASE_MS + 100 && !state.done; ms += 100) {
          await time.pass(100)
          await Promise.all([here.renew(), there.renew()])
          assert.ok(!state.done || !api.inForce, 'never both')
        }
      }
      await renewing()
      await settled
      assert.equal(api.inForce, false)
    }
  })

  test('a lease is never longer than that of the replica, which cannot renew', async () => {
    const { replica, time } = await replicas(await open())
    const live = await replica()
    const api = new Follower(live, time)
    await api.askAndRenew()
    const asked = api.ask()
    await time.pass(3_000)
    assert.equal((await asked).leaseMs, 0, 'nothing was renewed')
    await time.pass(1_500)
    assert.deepEqual([api.inForce, live.inForce], [false, false])
  })

  test('what a replica may have missed, they read anew', async () => {
    const { replica, revoke, time } = await replicas(await open())
    const [here, there] = [await replica(), await replica()]
    const api = new Follower(here, time)
    await api.askAndRenew()
    await time.pass(LEASE_MS + 100)
    await (await revoke(there)).settled
    assert.equal((await api.askAndRenew()).leaseMs, 0, 'its session ended with the lease here')
    const again = await api.askAndRenew()
    assert.deepEqual([again.reset, again.leaseMs > 0], [true, true])
  })

  test('a replica that stops is waited for until their leases are over', async () => {
    const { replica, revoke, time } = await replicas(await open())
    const [here, there] = [await replica(), await replica()]
    const api = new Follower(here, time)
    await api.askAndRenew()
    await here.stop()
    const { settled, state } = await revoke(there)
    assert.ok(!state.done && api.inForce)
    await time.pass(LEASE_MS)
    await settled
    assert.equal(api.inForce, false)
  })

  test('a request that is sent again, made up or of somebody else acknowledges nothing', async () => {
    const { replica, revoke, time } = await replicas(await open())
    const live = await replica()
    const api = new Follower(live, time)
    await api.askAndRenew()
    const { session = '', position = 0 } = api.last ?? {}
    const { settled, state } = await revoke(live)
    const others = [
      { owner: 'shop-api', session, position: position + 99 },
      { owner: 'other-api', session, position: position + 1 },
      { owner: 'shop-api', session: 'made-up', position: position + 1 },
      { owner: 'shop-api', session },
    ].map((request) => live.follow(request))
    await time.rest()
    assert.equal(state.done, false)
    await live.renew()
    for (const answer of await Promise.all(others)) {
      assert.ok(answer.reset && answer.session !== session)
      assert.deepEqual(answer.changes, [], 'a new one is told nothing of before')
    }
    assert.equal(state.done, false)
    const caughtUp = await api.ask()
    assert.equal(caughtUp.changes.length, 1)
    const acknowledging = api.ask()
    await time.pass(200)
    await settled
    // The request from before the last one, once more.
    const late = live.follow({ owner: 'shop-api', session, position })
    await time.rest()
    await live.renew()
    assert.equal((await late).reset, true)
    await acknowledging
  })

  test('one that does not keep up begins anew, and there are only so many of them', async () => {
    const storage = await open()
    const { replica, time } = await replicas(storage)
    const live = await replica()
    const api = new Follower(live, time)
    await api.askAndRenew()
    for (let i = 0; i < 11; i++) {
      const raises = Array.from({ length: 1_000 }, (_, n) => ({
        ...{ kind: 'task' as const, id: `tsk_${i}_${n}` },
        state: 'ended' as const,
      }))
      await storage.transaction((tx) => live.raise(tx, raises))
      await live.renew()
    }
    const late = await api.askAndRenew()
    assert.deepEqual([late.reset, late.changes.length], [true, 0])

    const many = Array.from({ length: 70 }, () => new Follower(live, time).ask('busy-api'))
    const other = new Follower(live, time).ask('other-api')
    const answers = Promise.allSettled(many)
    await time.rest()
    await live.renew()
    const refused = (await answers).filter(({ status }) => status === 'rejected')
    assert.equal(refused.length, 70 - 64)
    assert.ok(
      refused.every((each) => 'reason' in each && each.reason.code === 'client.too_many_processes'),
    )
    assert.equal((await other).reset, true, 'others have room')
  })
})
