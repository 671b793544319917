import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { systemRandom } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { LEASE_MS } from './lease.ts'
import { Live } from './live.ts'
import { type Change, type LiveKey, type LiveState, ORGANIZATION } from './live-state.ts'
import { ManualTime, type Point } from './testing.ts'

const TASK: LiveKey = { kind: 'task', id: 'tsk_1' }
const AGENT: LiveKey = { kind: 'agent', id: 'refund-bot' }
const NO_LEASE = { ...TASK, epoch: 1, state: 'active' } as const

interface Replicas {
  readonly time: ManualTime
  readonly storage: Storage
  replica(hold?: (point: Point) => Promise<void>): Promise<Live>
  raise(by: Live, key: LiveKey, state?: LiveState['state']): Promise<Change>
}

async function replicas(storage: Storage): Promise<Replicas> {
  const time = new ManualTime()
  return {
    time,
    storage,
    async replica(hold) {
      const { clock, wait } = time
      const live = new Live({
        storage: time.over(storage, hold),
        clock,
        wait,
        random: systemRandom,
      })
      await live.renew()
      await storage.transaction(async (tx) => {
        for (const key of [ORGANIZATION, TASK, AGENT]) await live.begin(tx, key)
      })
      return live
    },
    raise: (by, key, state) =>
      storage.transaction((tx) => by.raise(tx, [{ ...key, ...(state ? { state } : {}) }])),
  }
}

/** A place to stop at. */
function gate() {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  return { opened, open }
}

function watch(promise: Promise<unknown>): { done: boolean } {
  const state = { done: false }
  promise.then(
    () => {
      state.done = true
    },
    () => {},
  )
  return state
}

forEachEngine('live', (open) => {
  test('what is active holds, and a change of any part of it ends that', async () => {
    const { replica, raise } = await replicas(await open())
    const live = await replica()
    const view = await live.view([ORGANIZATION, TASK, AGENT])
    assert.deepEqual(view.dead, [])
    assert.equal(live.holds(view), true)
    await live.settle(await raise(live, AGENT))
    assert.equal(live.holds(view), false)
    const after = await live.view([ORGANIZATION, TASK, AGENT])
    assert.equal(live.holds(after), true)
    assert.notEqual(after.hash, view.hash, 'tokens from before carry another hash')
  })

  test('a key that was never begun counts as ended, and beginning it is seen at once', async () => {
    const { replica, storage } = await replicas(await open())
    const live = await replica()
    const key: LiveKey = { kind: 'person', id: 'psn_1' }
    const view = await live.view([key])
    assert.deepEqual(view.dead, [{ ...key, epoch: 0, state: 'ended' }])
    assert.equal(live.holds(view), false)
    await storage.transaction((tx) => live.begin(tx, key))
    assert.equal(live.holds(await live.view([key])), true)
  })

  test('beginning as a step of a commit is the same', async () => {
    const { replica, storage } = await replicas(await open())
    const live = await replica()
    const key: LiveKey = { kind: 'space', id: 'general' }
    await storage.commit([live.beginStep(key), live.beginStep(key, 'suspended')])
    assert.deepEqual((await live.view([key])).states, [{ ...key, epoch: 1, state: 'active' }])
  })

  test('what has ended never becomes active again, whatever is raised or begun', async () => {
    const { replica, raise, storage } = await replicas(await open())
    const live = await replica()
    await live.settle(await raise(live, TASK, 'ended'))
    await live.settle(await raise(live, TASK, 'active'))
    await live.settle(await raise(live, TASK))
    await storage.transaction((tx) => live.begin(tx, TASK))
    const view = await live.view([TASK])
    assert.deepEqual(view.dead, [{ ...TASK, epoch: 4, state: 'ended' }])
  })

  test('suspend and resume: the key permits again, under another hash', async () => {
    const { replica, raise } = await replicas(await open())
    const live = await replica()
    const before = await live.view([TASK])
    await live.settle(await raise(live, TASK, 'suspended'))
    assert.equal(live.holds(await live.view([TASK])), false)
    await live.settle(await raise(live, TASK, 'active'))
    const after = await live.view([TASK])
    assert.equal(live.holds(after), true)
    assert.equal(live.holds(before), false)
    assert.notEqual(before.hash, after.hash)
  })

  test('of several raises of one key in one change, the one that permits least counts', async () => {
    const { replica, storage } = await replicas(await open())
    const live = await replica()
    const change = await storage.transaction((tx) =>
      live.raise(tx, [{ ...TASK, state: 'ended' }, { ...TASK, state: 'active' }, TASK]),
    )
    assert.deepEqual(change.states, [{ ...TASK, epoch: 2, state: 'ended' }])
  })

  test('many keys end in one change', async () => {
    const { replica, storage } = await replicas(await open())
    const live = await replica()
    const keys = Array.from({ length: 1_201 }, (_, i): LiveKey => ({ kind: 'task', id: `t${i}` }))
    await storage.commit(keys.map((key) => live.beginStep(key)))
    const view = await live.view(keys)
    assert.equal(live.holds(view), true)
    await live.settle(
      await storage.transaction((tx) =>
        live.raise(
          tx,
          keys.map((key) => ({ ...key, state: 'ended' })),
        ),
      ),
    )
    assert.equal((await live.view(keys)).dead.length, keys.length)
  })

  test('publishing a policy version ends views, and no token', async () => {
    const { replica, raise } = await replicas(await open())
    const live = await replica()
    const policy: LiveKey = { kind: 'policy', id: 'policy' }
    await live.settle(await raise(live, policy, 'active'))
    const before = await live.view([TASK, policy])
    await live.settle(await raise(live, policy, 'active'))
    const after = await live.view([TASK, policy])
    assert.equal(live.holds(before), false)
    assert.equal(live.holds(after), true)
    assert.equal(before.hash, after.hash)
    assert.equal((await live.view([TASK])).hash, after.hash)
  })

  test('a view of nothing, or one that this replica did not read, does not hold', async () => {
    const { replica } = await replicas(await open())
    const live = await replica()
    const other = await replica()
    assert.equal(live.holds(await live.view([])), false)
    assert.equal(live.holds(await other.view([TASK])), false)
    await live.view([TASK])
    assert.equal(live.holds({ states: [NO_LEASE], hash: '', dead: [] }), false)
  })

  test('a revocation returns when every replica has dropped what it knew, and not before', async () => {
    const { replica, raise, time } = await replicas(await open())
    const a = await replica()
    const b = await replica()
    const view = await b.view([TASK])
    const settling = a.settle(await raise(a, TASK, 'ended'))
    const settled = watch(settling)
    await time.pass(500)
    assert.equal(settled.done, false)
    assert.equal(b.holds(view), true, 'b does not know yet, which is why the revocation waits')
    await b.renew()
    assert.equal(b.holds(view), false)
    await time.pass(100)
    assert.equal(settled.done, true)
  })

  test('the other replica has dropped and told before its acknowledgement can be read', async () => {
    const { replica, raise, storage, time } = await replicas(await open())
    const a = await replica()
    const held = gate()
    const seen: string[] = []
    let holding = false
    const b = await replica(async (point) => {
      if (holding && point === 'committed') await held.opened
    })
    b.onChange((states) => seen.push(...states.map(({ id, state }) => `${id} ${state}`)))
    const view = await b.view([TASK])
    const change = await raise(a, TASK, 'suspended')
    holding = true
    const renewing = b.renew()
    let acknowledged = 0
    while (acknowledged < change.through) {
      await time.rest()
      const rows = await storage.read.selectFrom('live_replicas').selectAll().execute()
      acknowledged = rows.find(({ id }) => id === b.replicaId)?.acknowledged ?? 0
    }
    // b was stopped right after its commit and has not heard of it; everyone else can see it.
    assert.equal(b.holds(view), false)
    assert.deepEqual(seen, ['tsk_1 suspended'])
    held.open()
    await renewing
  })

  test('a replica that stands still does not delay a revocation beyond the lease, and does not permit', async () => {
    const { replica, raise, time } = await replicas(await open())
    const a = await replica()
    const frozen = await replica()
    const view = await frozen.view([TASK])
    const settled = watch(a.settle(await raise(a, TASK, 'ended')))
    await time.pass(4_400)
    assert.equal(settled.done, false)
    assert.equal(frozen.holds(view), true)
    await time.pass(200)
    assert.equal(
      frozen.holds(view),
      false,
      'its own deadline is earlier than everyone else believes',
    )
    await time.pass(LEASE_MS - 4_600)
    assert.equal(settled.done, true)
    assert.equal(frozen.holds(view), false)
  })

  test('when the store cannot be reached, a revocation still returns within the lease', async () => {
    const { replica, raise, time, storage } = await replicas(await open())
    const a = await replica()
    await replica()
    const change = await raise(a, TASK, 'ended')
    const cutOff = new Live({
      storage: { ...time.over(storage), now: () => new Promise(() => {}) },
      clock: time.clock,
      wait: time.wait,
      random: systemRandom,
    })
    const settled = watch(cutOff.settle(change))
    await time.pass(LEASE_MS - 20)
    assert.equal(settled.done, false)
    await time.pass(20)
    assert.equal(settled.done, true)
  })

  test('a change of nothing waits for nothing, also where the store cannot be reached', async () => {
    const { replica, time, storage } = await replicas(await open())
    const a = await replica()
    const change = await storage.transaction((tx) => a.raise(tx, []))
    const { clock, wait } = time
    const silent = time.over(storage, () => new Promise(() => {}))
    const cutOff = new Live({ storage: silent, clock, wait, random: systemRandom })
    const settled = watch(cutOff.settle(change))
    await time.rest()
    assert.equal(settled.done, true)
  })

  test('database time that leaps ahead does not make leases look as if they had run out', async () => {
    const { replica, raise, time } = await replicas(await open())
    const a = await replica()
    const b = await replica()
    const view = await b.view([TASK])
    time.setDatabaseAhead(4_900)
    const settled = watch(a.settle(await raise(a, TASK, 'ended')))
    await time.pass(100)
    assert.equal(b.holds(view), true)
    assert.equal(settled.done, false)
    await b.renew()
    await time.pass(100)
    assert.equal(settled.done, true)
  })

  test('an answer about the time that took long does not let a lease look as if it had run out', async () => {
    const { raise, replica, time } = await replicas(await open())
    const late = gate()
    let held = 0
    const a = await replica()
    // Its first question for the time is answered at once, and the answer arrives two seconds later.
    const starting = replica(async (point) => {
      if (point === 'time' && held++ === 0) await late.opened
    })
    time.advance(2_000)
    late.open()
    const b = await starting
    time.advance(1_000)
    await a.renew()
    await b.renew()
    const view = await b.view([TASK])
    time.advance(3_200)
    await a.renew()
    assert.equal(b.holds(view), true, 'its lease is in force')
    const settled = watch(a.settle(await raise(a, TASK)))
    await time.pass(100)
    assert.equal(settled.done, false, 'so the revocation waits for it')
    await time.pass(LEASE_MS)
    assert.equal(settled.done, true)
    assert.equal(b.holds(view), false)
  })

  test('a wall clock that is set back prolongs nothing', async () => {
    const { replica, time } = await replicas(await open())
    const live = await replica()
    const view = await live.view([TASK])
    time.clock.jump(-3_600_000)
    await time.pass(LEASE_MS)
    assert.equal(live.holds(view), false)
  })

  test('who comes back after its lease ran out has forgotten everything, also what is in no change any more', async () => {
    const { replica, raise, time, storage } = await replicas(await open())
    const a = await replica()
    const b = await replica()
    const view = await b.view([TASK])
    await time.pass(LEASE_MS)
    await a.settle(await raise(a, TASK, 'ended'))
    await storage.transaction((tx) => tx.deleteFrom('live_changes').execute())
    await b.renew()
    assert.equal(b.holds(view), false)
    assert.deepEqual((await b.view([TASK])).dead, [{ ...TASK, epoch: 2, state: 'ended' }])
  })

  test('who comes back late tells what was in use, so that streams can be cut', async () => {
    const { replica, time } = await replicas(await open())
    const live = await replica()
    await live.view([TASK])
    const told: LiveState[] = []
    live.onChange((states) => told.push(...states))
    await time.pass(LEASE_MS)
    await live.view([AGENT])
    assert.deepEqual(told, [{ ...TASK, epoch: 1, state: 'active' }])
  })

  test('a view takes a new lease when the old one has run out', async () => {
    const { replica, time } = await replicas(await open())
    const live = await replica()
    await time.pass(60_000)
    assert.equal(live.holds(await live.view([TASK])), true)
  })

  test('a row that was read before a revocation is not put back after it', async () => {
    const { replica, raise } = await replicas(await open())
    const held = gate()
    const reached = gate()
    let reads = 0
    const live = await replica(async (point) => {
      if (point === 'read' && ++reads === 1) {
        reached.open()
        await held.opened
      }
    })
    const viewing = live.view([TASK])
    await reached.opened
    const change = await raise(live, TASK, 'ended')
    // Nobody else holds a lease, so this is all that settling does here.
    const settled = watch(live.settle(change))
    held.open()
    const view = await viewing
    assert.equal(live.holds(view), false)
    assert.equal(view.dead.length, 1, 'the read was repeated')
    assert.equal(live.holds(await live.view([TASK])), false)
    await settled
  })

  test('another replica: a row that was read before the renewal is not put back after it', async () => {
    const { replica, raise } = await replicas(await open())
    const a = await replica()
    const held = gate()
    const reached = gate()
    let reads = 0
    const b = await replica(async (point) => {
      if (point === 'read' && ++reads === 1) {
        reached.open()
        await held.opened
      }
    })
    const viewing = b.view([TASK])
    await reached.opened
    await raise(a, TASK, 'ended')
    await b.renew()
    held.open()
    assert.equal(b.holds(await viewing), false)
    assert.equal(b.holds(await b.view([TASK])), false)
  })

  test('a renewal that reads back a change that a view has seen already disturbs nobody', async () => {
    const { replica, raise } = await replicas(await open())
    const a = await replica()
    const b = await replica()
    await raise(a, TASK, 'suspended')
    await raise(a, TASK, 'active')
    const view = await b.view([TASK])
    await b.renew()
    assert.equal(b.holds(view), true)
  })

  test('listeners hear of a change once, on the replica that made it and on the others', async () => {
    const { replica, raise } = await replicas(await open())
    const a = await replica()
    const b = await replica()
    const heard: string[] = []
    a.onChange((states) => heard.push(...states.map(({ id }) => `a ${id}`)))
    const stop = b.onChange((states) => heard.push(...states.map(({ id }) => `b ${id}`)))
    const settling = a.settle(await raise(a, TASK, 'ended'))
    await b.renew()
    await Promise.all([a.renew(), b.renew()])
    assert.deepEqual(heard, ['a tsk_1', 'b tsk_1'])
    stop()
    await raise(a, AGENT)
    await b.renew()
    assert.equal(heard.length, 2)
    void settling
  })

  test('a listener that throws keeps no one from hearing', async () => {
    const { time, storage, raise } = await replicas(await open())
    const errors: unknown[] = []
    const live = new Live({
      storage: time.over(storage),
      clock: time.clock,
      wait: time.wait,
      random: systemRandom,
      onError: (error) => errors.push(error),
    })
    await live.renew()
    let heard = 0
    live.onChange(() => {
      throw new Error('broken')
    })
    live.onChange(() => heard++)
    await live.settle(await raise(live, TASK, 'ended'))
    assert.equal(heard, 1)
    assert.equal(errors.length, 1)
  })

  test('the loop keeps the lease, and a hint makes the others drop without waiting for their turn', async () => {
    const { time, storage, replica, raise } = await replicas(await open())
    const [a, b] = [await replica(), await replica()]
    await Promise.all([a.start(), b.start()])
    await time.pass(20_000)
    const view = await b.view([TASK])
    assert.equal(b.holds(view), true)
    const before = time.clock.monotonic()
    const settled = watch(a.settle(await raise(a, TASK, 'ended')))
    for (let turn = 0; turn < 4_000 && !settled.done; turn++) {
      await time.rest()
      // The hint itself comes over a connection of its own.
      if (turn % 20 === 19) await time.pass(2)
    }
    assert.equal(settled.done, true)
    assert.ok(time.clock.monotonic() - before < 500)
    assert.equal(b.holds(view), false)
    await Promise.all([a.stop(), b.stop()])
    assert.deepEqual(await storage.read.selectFrom('live_replicas').selectAll().execute(), [])
  })

  test('a replica whose build a migration left behind takes no lease, and holds nothing when it is over', async () => {
    const { time, storage, replica } = await replicas(await open())
    const live = await replica()
    const view = await live.view([TASK])
    await storage.transaction((tx) =>
      sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('1000-since-0900-less', '')`.execute(
        tx,
      ),
    )
    await assert.rejects(live.renew(), { code: 'storage.newer' })
    await time.pass(LEASE_MS)
    assert.equal(live.holds(view), false)
    await assert.rejects(replica(), { code: 'storage.newer' })
    await live.stop()
  })

  test('a replica that stopped holds nothing and makes no revocation wait', async () => {
    const { replica, raise } = await replicas(await open())
    const a = await replica()
    const b = await replica()
    const view = await b.view([TASK])
    assert.deepEqual(new Set(await a.replicas()), new Set([a.replicaId, b.replicaId]))
    await b.stop()
    assert.equal(b.holds(view), false)
    await assert.rejects(async () => b.view([TASK]), { code: 'live.stopped' })
    assert.deepEqual(await a.replicas(), [a.replicaId])
    await a.settle(await raise(a, TASK, 'ended'))
  })

  test('changes that everyone has dropped are forgotten, others are not', async () => {
    const { time, storage, replica, raise } = await replicas(await open())
    const a = await replica()
    const b = await replica()
    await a.start()
    await raise(a, TASK)
    await raise(a, AGENT)
    for (let minute = 0; minute < 3; minute++) await time.pass(61_000)
    const changes = await storage.read.selectFrom('live_changes').selectAll().execute()
    const rows = await storage.read.selectFrom('live_replicas').select('id').execute()
    // The newest one stays: by its number a store that went back is known.
    assert.deepEqual(
      changes.map(({ id }) => id),
      [AGENT.id],
    )
    assert.deepEqual(rows, [{ id: a.replicaId }])
    await b.renew()
    assert.equal(b.holds(await b.view([TASK])), true)
    await a.stop()
  })

  test('changes are seen in the order of their numbers, however long a transaction takes', async () => {
    const { replica, raise, storage, time } = await replicas(await open())
    const [a, b] = [await replica(), await replica()]
    if (storage.engine === 'sqlite') return
    const raised = gate()
    const commit = gate()
    const slow = storage.transaction(async (tx) => {
      const change = await a.raise(tx, [{ ...TASK, state: 'ended' }])
      raised.open()
      await commit.opened
      return change
    })
    await raised.opened
    const fast = watch(raise(a, AGENT, 'suspended'))
    const view = await b.view([TASK, AGENT])
    for (let turn = 0; turn < 20; turn++) await b.renew()
    assert.equal(fast.done, false, 'the greater number waits for the smaller one')
    commit.open()
    const change = await slow
    const settled = watch(a.settle(change))
    await b.renew()
    await time.pass(100)
    assert.equal(settled.done, true)
    assert.equal(b.holds(view), false)
    assert.equal((await b.view([TASK])).dead.length, 1)
  })
})
