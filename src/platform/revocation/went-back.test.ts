import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { Live } from './live.ts'
import type { LiveKey, LiveState } from './live-state.ts'
import { ManualTime } from './testing.ts'

const TASK: LiveKey = { kind: 'task', id: 'tsk_1' }
const AGENT: LiveKey = { kind: 'agent', id: 'refund-bot' }
const TABLES = ['live_epochs', 'live_changes', 'live_replicas'] as const

async function world(storage: Storage) {
  const time = new ManualTime()
  /** Future that the database says it is in, of those that it has. */
  const future = { name: 'one' }
  const server = async () => {
    const { clock, wait } = time
    const told = time.over({ ...storage, lineage: () => future.name })
    const live = new Live({ storage: told, clock, wait, random: systemRandom })
    await live.renew()
    return live
  }
  const live = await server()
  await storage.transaction(async (tx) => {
    for (const key of [TASK, AGENT]) await live.begin(tx, key)
  })
  const raise = (key: LiveKey, state: LiveState['state']) =>
    storage.transaction((tx) => live.raise(tx, [{ ...key, state }]))
  return { time, future, live, server, raise }
}

/** Loses what `work` commits, as a failover does. */
async function lose(storage: Storage, work: () => Promise<unknown>): Promise<void> {
  const before = new Map<string, Record<string, unknown>[]>()
  for (const table of TABLES)
    before.set(table, await storage.read.selectFrom(table).selectAll().execute())
  await work()
  await storage.transaction(async (tx) => {
    for (const table of TABLES) {
      await tx.deleteFrom(table).execute()
      for (const row of before.get(table) ?? [])
        await tx
          .insertInto(table)
          .values(row as never) // as: it was read from there
          .execute()
    }
  })
}

forEachEngine('C3: a store that lost its last commits', (open) => {
  test('what was read from them does not hold any more: a suspended task whose resumption is gone', async () => {
    const storage = await open()
    const { live, raise } = await world(storage)
    await raise(TASK, 'suspended')
    await live.renew()
    const seen = await storage.read.selectFrom('live_epochs').selectAll().execute()
    assert.equal(seen.find(({ id }) => id === TASK.id)?.state, 'suspended')
    let view = await live.view([TASK])
    const heard: string[] = []
    await lose(storage, async () => {
      await live.settle(await raise(TASK, 'active'))
      await live.renew()
      view = await live.view([TASK])
      assert.equal(live.holds(view), true)
    })
    live.onChange((states) => heard.push(...states.map(({ id }) => id)))
    await live.renew()
    assert.equal(live.holds(view), false)
    assert.deepEqual(heard, [TASK.id], 'what runs on it is cut')
    assert.deepEqual(
      (await live.view([TASK])).dead.map(({ state }) => state),
      ['suspended'],
    )
  })

  test('no number of theirs counts as acknowledged: a change that gets it again is heard of', async () => {
    const storage = await open()
    const { live, raise, server } = await world(storage)
    await live.settle(await raise(AGENT, 'active'))
    await lose(storage, async () => {
      await raise(TASK, 'active')
      await raise(TASK, 'active')
      await live.renew()
    })
    await live.renew()
    const view = await live.view([AGENT])
    await live.renew()
    assert.equal(live.holds(view), true, 'it goes on from what is there')
    const other = await server()
    // The sequence of a standby is ahead by some numbers, that of a file is not: both get the first one that was lost.
    const seq = 1 + Number((await newest(storage)) ?? 0)
    const change = { kind: AGENT.kind, id: AGENT.id, epoch: 9, state: 'ended' }
    await storage.transaction(async (tx) => {
      await tx
        .updateTable('live_epochs')
        .set({ epoch: 9, state: 'ended' })
        .where('id', '=', AGENT.id)
        .execute()
      await tx
        .insertInto('live_changes')
        .values({ ...change, seq, at: 0 } as never) // as: a number that is usually given by the store
        .execute()
    })
    await Promise.all([live.renew(), other.renew()])
    assert.equal(live.holds(view), false)
  })

  test('another future of the database counts as lost, however many changes it has', async () => {
    const storage = await open()
    const { future, live } = await world(storage)
    const view = await live.view([TASK])
    await live.renew()
    assert.equal(live.holds(view), true)
    future.name = 'two'
    await live.renew()
    assert.equal(live.holds(view), false)
    const again = await live.view([TASK])
    await live.renew()
    assert.equal(live.holds(again), true, 'once, and not at each renewal')
  })

  test('changes that are forgotten because everybody knows them are not lost ones', async () => {
    const storage = await open()
    const { live, raise, time } = await world(storage)
    await live.start()
    for (const key of [TASK, AGENT]) await live.settle(await raise(key, 'active'))
    const view = await live.view([TASK, AGENT])
    for (let minute = 0; minute < 3; minute++) await time.pass(61_000)
    assert.equal((await storage.read.selectFrom('live_changes').selectAll().execute()).length, 1)
    assert.equal(live.holds(view), true)
    await live.stop()
  })
})

async function newest(storage: Storage): Promise<number | null | undefined> {
  const row = await storage.read
    .selectFrom('live_changes')
    .select((eb) => eb.fn.max('seq').as('seq'))
    .executeTakeFirst()
  return row?.seq
}
