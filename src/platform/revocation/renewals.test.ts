import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consumeOnceStep, Guard, type Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { LEASE_MS } from './lease.ts'
import type { LiveKey } from './live-state.ts'
import { ManualTime, watched } from './testing.ts'

const TASK: LiveKey = { kind: 'task', id: 'tsk_1' }

async function world(storage: Storage) {
  const time = new ManualTime()
  const replica = await watched(time, storage)
  await storage.transaction((tx) => replica.live.begin(tx, TASK))
  /** Raises the task as another replica would. */
  const raise = () => storage.transaction((tx) => replica.live.raise(tx, [TASK]))
  const renewals = () => replica.points.filter((point) => point === 'committed').length
  return { time, ...replica, raise, renewals }
}

function watch(promise: Promise<unknown>): { done: boolean } {
  const state = { done: false }
  void promise.then(() => {
    state.done = true
  })
  return state
}

forEachEngine('renewals and what waits for them', (open) => {
  test('a clock that cannot be trusted is told as a problem, for as long as it cannot', async () => {
    const { live, time } = await world(await open())
    const told = () => live.clockProblem?.code
    assert.equal(told(), undefined)
    time.setDatabaseAhead(20_000)
    await assert.rejects(live.renew(), { code: 'server.clock_off' })
    assert.equal(told(), 'server.clock_off')
    time.setDatabaseAhead(0)
    await live.renew()
    assert.equal(told(), undefined)
  })

  test('a commit that another guard refuses is a result, and ends no lease', async () => {
    const storage = await open()
    const { live } = await world(storage)
    const guard = new Guard('unused')
    const step = () =>
      consumeOnceStep(storage.read, guard, { kind: 'proof', key: 'p', expiresAt: 0 })
    assert.deepEqual(await live.commit(storage, [step()]), { committed: true })
    const refused = await live.commit(storage, [step()])
    assert.equal(!refused.committed && refused.failed === guard, true)
    assert.equal(live.inForce, true)
  })

  test('catching up renews only where a change is missing, and tells whether the store has it', async () => {
    const { live, points, raise, renewals } = await world(await open())
    // PostgreSQL may leave out numbers: one that is known here is that of a change before.
    const before = await raise()
    await live.renew()
    points.length = 0
    const view = await live.view([TASK])
    const { through } = await raise()
    assert.equal(await live.catchUp(before.through), true)
    assert.deepEqual([renewals(), live.holds(view)], [0, true])
    assert.equal(await live.catchUp(through), true)
    assert.deepEqual([renewals(), live.holds(view)], [1, false])
    assert.equal(await live.catchUp(through), true)
    assert.equal(renewals(), 1)
    assert.equal(await live.catchUp(through + 1), false)
    assert.equal(renewals(), 3)
  })

  test('catching up renews once more where a renewal was under way that began before the change', async () => {
    const { live, meet, raise, renewals } = await world(await open())
    const read = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    meet(async (point) => {
      if (point !== 'committed') return
      read.resolve()
      await goOn.promise
    })
    const renewing = live.renew()
    await read.promise
    const { through } = await raise()
    const catching = live.catchUp(through)
    goOn.resolve()
    assert.equal(await catching, true)
    assert.equal(renewals(), 2)
    await renewing
  })

  test('a replica judges others when it has held its lease for two lease times, and not before', async () => {
    const { live, time } = await world(await open())
    for (let ms = 0; ms < 2 * LEASE_MS - 1_000; ms += 1_000) {
      assert.equal(live.mayJudgeOthers(), false)
      time.advance(1_000)
      await live.renew()
    }
    time.advance(999)
    assert.deepEqual([live.mayJudgeOthers(), live.sinceRenewal()], [false, 999])
    time.advance(1)
    assert.deepEqual([live.mayJudgeOthers(), live.sinceRenewal()], [true, 1_000])
  })

  test('a program that begins to follow, or acknowledges, makes the replica renew at once', async () => {
    const { live, raise, renewals, time } = await world(await open())
    await live.start()
    const before = renewals()
    const first = await live.follow({ owner: 'shop-api' })
    assert.equal(renewals(), before + 1)
    const { session } = first
    const next = live.follow({ owner: 'shop-api', session, position: first.position })
    await time.rest()
    assert.equal(renewals(), before + 1, 'one that only goes on waits for the regular renewal')
    await raise()
    await live.renew()
    const { position } = await next
    assert.equal(position, first.position + 1)
    const known = renewals()
    const acknowledged = await live.follow({ owner: 'shop-api', session, position })
    assert.deepEqual([acknowledged.reset, renewals()], [false, known + 1])
    await live.stop()
    await assert.rejects(live.follow({ owner: 'shop-api' }), { code: 'live.stopped' })
  })

  test('a renewal that hangs ends what rests on the lease, without an answer of the store', async () => {
    const { live, meet, time, waits } = await world(await open())
    await live.start()
    await live.view([TASK])
    const told: string[] = []
    live.onChange((states) => told.push(...states.map(({ id }) => id)))
    const answered = Promise.withResolvers<void>()
    waits.length = 0
    meet((point) => (point === 'transaction' ? answered.promise : undefined))
    time.advance(1_000)
    await time.rest()
    const limit = waits.at(-1)
    time.advance(LEASE_MS - 1)
    await time.rest()
    assert.deepEqual(told, [])
    time.advance(1)
    await time.rest()
    assert.deepEqual([told, limit?.aborted], [[TASK.id], true])
    answered.resolve()
    await live.stop()
  })

  test('a revocation looks at the others again after 2 ms, then 3 ms, and later each 80 ms', async () => {
    const storage = await open()
    const { live, points, raise, time, waits } = await world(storage)
    const other = await watched(time, storage)
    const change = await raise()
    waits.length = 0
    points.length = 0
    const settling = live.settle(change)
    const settled = watch(settling)
    const looks: number[] = []
    for (const ms of [1, 1, 2, 1, 5, 10, 20, 40, 80, 79, 1]) {
      await time.rest()
      looks.push(points.filter((point) => point === 'time').length)
      time.advance(ms)
    }
    await time.rest()
    assert.deepEqual(looks, [1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 8])
    await other.live.renew()
    assert.equal(settled.done, false)
    time.advance(80)
    await settling
    assert.ok(
      waits.every(({ aborted }) => aborted),
      'nothing of it is waited for',
    )
  })

  test('while the store refuses to say who has acknowledged, a revocation waits for the end of all leases', async () => {
    const { live, meet, raise, time } = await world(await open())
    const change = await raise()
    meet((point) => {
      if (point === 'time') throw new Error('cut off')
    })
    const settling = live.settle(change)
    const settled = watch(settling)
    await time.pass(LEASE_MS - 20)
    assert.equal(settled.done, false)
    await time.pass(20)
    await settling
  })
})
