import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { Problem } from '../../../lib/problem.ts'
import { Guard } from '../../guard.ts'
import { openStorage } from '../../open.ts'
import type { Step, Storage } from '../../storage.ts'
import { Writer } from '../writer.ts'
import { lineToSocket } from './socket-line.ts'

const INSERT = new Guard('insert')

function insert({ read: db }: Storage, key: string): Step {
  return { guard: INSERT, query: db.insertInto('meta').values({ key, value: '' }), rows: 1 }
}

async function keys({ read: db }: Storage): Promise<string[]> {
  const rows = await db.selectFrom('meta').select('key').orderBy('key').execute()
  return rows.map(({ key }) => key)
}

/** A store whose writer other processes share, and two of them. */
async function shared(t: TestContext) {
  const directory = mkdtempSync(join(process.env.TEST_DISK ?? tmpdir(), 'remit-test-'))
  const parent = await openStorage({ kind: 'sqlite', directory, migrate: true })
  const writer = (await parent.share?.()) ?? ''
  const open = () => openStorage({ kind: 'sqlite', directory, writer, transactionLimit: 600_000 })
  const both = [await open(), await open()] as const
  t.after(async () => {
    for (const each of [...both, parent]) await each.close()
    rmSync(directory, { recursive: true })
  })
  return { both, parent, writer }
}

test('what one process has committed, every other one reads', async (t) => {
  const { both, parent } = await shared(t)
  const [a, b] = both
  await a.commit([insert(a, 'a')])
  assert.deepEqual(await keys(b), ['a'])
  assert.deepEqual(await b.commit([insert(b, 'a')]), { committed: false, failed: INSERT })
  await b.transaction(async (tx) => {
    await tx.insertInto('meta').values({ key: 'b', value: '' }).execute()
  })
  assert.deepEqual(await keys(a), ['a', 'b'])
  assert.deepEqual(await keys(parent), ['a', 'b'])
})

test('many at once from several processes: each is done whole and once', async (t) => {
  const { both } = await shared(t)
  const tries = Array.from({ length: 200 }, (_, i) =>
    both.map((each) => each.commit([insert(each, `k${i}`)])),
  )
  const done = await Promise.all(tries.flat())
  assert.equal(done.filter(({ committed }) => committed).length, 200)
  assert.equal((await keys(both[0])).length, 200)
})

test('a hint of one process reaches all of them, itself included', async (t) => {
  const { both } = await shared(t)
  // A hint reaches whoever the writer has taken in by then; whoever comes later reads all that changed.
  for (const [i, each] of both.entries()) await each.commit([insert(each, `in ${i}`)])
  const heard = both.map(
    (each) => new Promise<void>((resolve) => each.onNotify('live', () => resolve())),
  )
  both[0].notify('live')
  await Promise.all(heard)
})

test('a process that goes in the middle of a transaction leaves nothing, and holds nobody up', async (t) => {
  const { both } = await shared(t)
  const [a, b] = both
  const inside = Promise.withResolvers<void>()
  const never = a.transaction(async (tx) => {
    await tx.insertInto('meta').values({ key: 'half', value: '' }).execute()
    inside.resolve()
    await new Promise(() => {})
  })
  void never.catch(() => {})
  await inside.promise
  const waiting = b.commit([insert(b, 'b')])
  await a.close()
  assert.deepEqual(await waiting, { committed: true })
  assert.deepEqual(await keys(b), ['b'])
})

test('a process that stands still in the middle of a transaction loses its turn to the others', async (t) => {
  const { both } = await shared(t)
  const [a, b] = both
  const inside = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  let tries = 0
  const slow = a.transaction(async (tx) => {
    tries += 1
    await tx.insertInto('meta').values({ key: 'slow', value: '' }).execute()
    inside.resolve()
    if (tries === 1) await goOn.promise
    await tx.insertInto('meta').values({ key: 'slow too', value: '' }).execute()
  })
  await inside.promise
  // Answered although the first never ends by itself.
  assert.deepEqual(await b.commit([insert(b, 'b')]), { committed: true })
  assert.deepEqual(await keys(b), ['b'])
  goOn.resolve()
  await slow
  assert.equal(tries, 2, 'done again, from its beginning')
  assert.deepEqual(await keys(b), ['b', 'slow', 'slow too'])
})

test('time is read where the statement runs, and never from what a process says', async (t) => {
  const { both } = await shared(t)
  const [a] = both
  assert.equal(a.nowAtHand, undefined)
  const compiled = sql`SELECT ${a.time()} AS now`.compile(a.read)
  assert.deepEqual(compiled.parameters, [])
  const before = Date.now()
  const { rows } = await sql<{ now: number }>`SELECT ${a.time()} AS now`.execute(a.read)
  const [{ now } = { now: 0 }] = rows
  assert.ok(Number.isInteger(now) && now >= before && now <= Date.now())
})

test('other processes are lost with the one that writes', async (t) => {
  const { both, parent } = await shared(t)
  const lost = both.map(
    (each) => new Promise<Error>((resolve) => each.onLost?.((error) => resolve(error))),
  )
  await parent.close()
  for (const error of await Promise.all(lost))
    assert.ok(error instanceof Problem && error.code === 'storage.unavailable')
  await assert.rejects(both[0].commit([insert(both[0], 'late')]), /storage.unavailable/)
})

test('the one that writes closes when it is told while another process keeps it busy', async (t) => {
  const { both, parent, writer } = await shared(t)
  const other = new Writer(await lineToSocket(writer))
  const lost = [...both, other].map((each) => new Promise((resolve) => each.onLost?.(resolve)))
  const turn = await other.begin(undefined)
  const slow = sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
    SELECT count(*) AS n FROM n`.compile(parent.read)
  // The writer reads its messages during the query, and works on them when the turn ends.
  const asked = [other.query(turn, slow.sql, slow.parameters), other.end(turn, 'commit')]
  // Heard from now on: both are refused when the line ends, which may be before the store has closed.
  const all = Promise.allSettled([...asked, ...lost])
  await parent.close()
  await all
})

test('only the user of the data directory reaches the writer', async (t) => {
  const { writer } = await shared(t)
  assert.equal(statSync(dirname(writer)).mode & 0o777, 0o700)
})
