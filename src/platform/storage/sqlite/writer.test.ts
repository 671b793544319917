import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import { manualClock } from '../../lib/clock.ts'
import { Problem } from '../../lib/problem.ts'
import { openStorage, type StorageOptions } from '../open.ts'
import type { Reader, Step, Storage } from '../storage.ts'
import type { WriterReply } from './messages.ts'
import { openForWriting } from './pragmas.ts'
import { lineToThread, startWriter } from './thread.ts'
import { WriteQueue } from './write-queue.ts'
import { Writer } from './writer.ts'

const unavailable = (error: unknown) =>
  error instanceof Problem && error.code === 'storage.unavailable'

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'remit-test-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

async function open(
  t: TestContext,
  options: Pick<StorageOptions, 'clock' | 'transactionLimit'> = {},
): Promise<Storage> {
  const directory = folder(t)
  const storage = await openStorage({ kind: 'sqlite', directory, migrate: true, ...options })
  t.after(() => storage.close())
  return storage
}

function insert(db: Reader, key: string, value = ''): Step {
  return { name: key, query: db.insertInto('meta').values({ key, value }), rows: 1 }
}

async function keys(storage: Storage): Promise<string[]> {
  const rows = await storage.read.selectFrom('meta').select('key').orderBy('key').execute()
  return rows.map(({ key }) => key)
}

test('a caller that hangs in a transaction is rolled back and does not stop the others', async (t) => {
  const storage = await open(t, { transactionLimit: 50 })
  const inside = Promise.withResolvers<void>()
  const never = Promise.withResolvers<void>()
  const hanging = storage.transaction(async (tx) => {
    await tx.insertInto('meta').values({ key: 'hanging', value: '' }).execute()
    inside.resolve()
    await never.promise
    await tx.insertInto('meta').values({ key: 'too late', value: '' }).execute()
  })
  await inside.promise
  await storage.commit([insert(storage.read, 'batch')])
  await storage.transaction((tx) =>
    tx.insertInto('meta').values({ key: 'transaction', value: '' }).execute(),
  )
  never.resolve()
  // Nothing of it remained, so it ran again.
  await hanging
  assert.deepEqual(await keys(storage), ['batch', 'hanging', 'too late', 'transaction'])
})

test('a transaction whose turn was lost runs again from its beginning, and is told after the third time', async (t) => {
  const storage = await open(t, { transactionLimit: 50 })
  let tries = 0
  const endless = storage.transaction(async (tx) => {
    tries++
    await tx
      .insertInto('meta')
      .values({ key: `try ${tries}`, value: '' })
      .execute()
    for (;;) await tx.selectFrom('meta').select('key').execute()
  })
  await assert.rejects(endless, unavailable)
  assert.equal(tries, 3)
  assert.deepEqual(await keys(storage), [])
})

test('a transaction that fails by itself, or whose outcome nobody knows, runs once', async (t) => {
  const storage = await open(t)
  let tries = 0
  const failing = storage.transaction(async () => {
    tries++
    throw new Error('of its own')
  })
  await assert.rejects(failing, /of its own/)
  assert.equal(tries, 1)
})

test('one that hangs without another statement cannot commit what was rolled back', async (t) => {
  const storage = await open(t, { transactionLimit: 50 })
  const inside = Promise.withResolvers<void>()
  const never = Promise.withResolvers<void>()
  let tries = 0
  const hanging = storage.transaction(async (tx) => {
    tries++
    await tx
      .insertInto('meta')
      .values({ key: `hanging ${tries}`, value: '' })
      .execute()
    inside.resolve()
    await never.promise
  })
  await inside.promise
  await storage.commit([insert(storage.read, 'batch')])
  never.resolve()
  await hanging
  assert.deepEqual(await keys(storage), ['batch', 'hanging 2'])
})

test('when the thread dies, whoever waits is told, and nothing is accepted after', async (t) => {
  const file = join(folder(t), 'remit.db')
  const thread = startWriter(file)
  const writer = new Writer(lineToThread(thread))
  await writer.commit([])
  const turn = await writer.begin(undefined)
  const waiting = [writer.commit([]), writer.query(turn, 'SELECT 1', []), writer.begin(undefined)]
  const results = Promise.allSettled(waiting)
  await thread.terminate()
  for (const result of await results) {
    if (result.status === 'fulfilled') continue
    assert.ok(unavailable(result.reason))
  }
  assert.ok((await results).some(({ status }) => status === 'rejected'))
  await assert.rejects(writer.commit([]), /restart to go on/)
  await writer.close()
})

test('a file that is no database is refused with a reason', async (t) => {
  const directory = folder(t)
  writeFileSync(join(directory, 'remit.db'), 'these are my notes, please keep them'.repeat(100))
  await assert.rejects(openStorage({ kind: 'sqlite', directory, migrate: true }), unavailable)
})

test('a full disk refuses writes, loses nothing, and is forgotten when there is room again', async (t) => {
  const storage = await open(t)
  const db = storage.read
  await storage.commit([insert(db, 'before')])
  const pages = await sql<{ page_count: number }>`PRAGMA page_count`.execute(db)
  const limitTo = (count: number) =>
    storage.exclusively((tx) => sql.raw(`PRAGMA max_page_count = ${count}`).execute(tx))
  await limitTo(pages.rows[0]?.page_count ?? 0)
  const large = 'x'.repeat(500_000)
  const full = /the disk is full/
  await assert.rejects(storage.commit([insert(db, 'large', large)]), full)
  const group = await Promise.allSettled([
    storage.commit([insert(db, 'small one')]),
    storage.commit([insert(db, 'large', large)]),
    storage.commit([insert(db, 'small two')]),
  ])
  // What shares a commit with the one that filled the disk is told the truth: all of it is there, or none.
  const told = group.filter(({ status }) => status === 'fulfilled').length
  assert.equal((await keys(storage)).length, 1 + told)
  await assert.rejects(
    storage.transaction(async (tx) => {
      await tx.insertInto('meta').values({ key: 'half', value: '' }).execute()
      await tx.insertInto('meta').values({ key: 'large', value: large }).execute()
    }),
    full,
  )
  await limitTo(1_000_000)
  assert.deepEqual(await storage.commit([insert(db, 'large', large)]), { committed: true })
  assert.ok(!(await keys(storage)).includes('half'))
})

/** A file system of its own, as small as wanted; only root may make one. */
function smallFileSystem(t: TestContext): string | undefined {
  const place = mkdtempSync(join(tmpdir(), 'remit-test-'))
  t.after(() => {
    if (mounted) execFileSync('umount', ['--lazy', place])
    rmSync(place, { recursive: true })
  })
  let mounted = false
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=700', 'tmpfs', place], {
      stdio: 'ignore',
    })
    mounted = true
  } catch {
    return undefined
  }
  return place
}

test('a real file system that is full, then read-only, then well again', async (t) => {
  const directory = smallFileSystem(t)
  if (!directory) {
    t.skip('only root may mount the small file system that this needs')
    return
  }
  const storage = await openStorage({ kind: 'sqlite', directory, migrate: true })
  t.after(() => storage.close())
  const db = storage.read
  await storage.commit([insert(db, 'before')])
  const filler = join(directory, 'filler')
  assert.throws(() => writeFileSync(filler, Buffer.alloc(8 * 1024 * 1024)), /ENOSPC/)
  const large = 'x'.repeat(2_000_000)
  await assert.rejects(storage.commit([insert(db, 'no room', large)]), unavailable)
  rmSync(filler)
  assert.deepEqual(await storage.commit([insert(db, 'room again')]), { committed: true })
  assert.deepEqual(await keys(storage), ['before', 'room again'])
  await storage.close()
  execFileSync('mount', ['-o', 'remount,ro', directory])
  await assert.rejects(openStorage({ kind: 'sqlite', directory }), unavailable)
  execFileSync('mount', ['-o', 'remount,rw', directory])
  await (await openStorage({ kind: 'sqlite', directory })).close()
})

test('batches that wait together are answered together, after one commit', (t) => {
  const db = new DatabaseSync(join(folder(t), 'one.db'))
  t.after(() => db.close())
  openForWriting(db)
  db.exec('CREATE TABLE a (b INTEGER NOT NULL PRIMARY KEY)')
  const sent: (readonly WriterReply[])[] = []
  const turns = new WriteQueue(db, (replies) => {
    assert.equal(db.isTransaction, false, 'answered before the commit')
    sent.push(replies)
  })
  const sqlText = 'INSERT INTO a VALUES (?)'
  const batches = [1, 2, 1, 3].map((value, id) => ({
    id,
    steps: [{ sql: sqlText, parameters: [value], rows: 1 }],
  }))
  turns.receive({ kind: 'batches', batches: batches.slice(0, 2) })
  turns.receive({ kind: 'batches', batches: batches.slice(2) })
  turns.proceed()
  assert.equal(sent.length, 1)
  assert.deepEqual(
    sent[0]?.map((reply) => (reply.kind === 'committed' ? reply.failed : reply.kind)),
    [undefined, undefined, 0, undefined],
  )
})

test('transactions of a lane go before others that wait, in their order', async (t) => {
  const storage = await open(t)
  const { renewal, revocation } = storage.lanes
  const [inside, leave] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const order: string[] = []
  const said = (name: string) => async () => void order.push(name)
  const running = storage.transaction(async () => {
    inside.resolve()
    await leave.promise
  })
  await inside.promise
  const waiting = [
    ...['a', 'b'].map((name) => storage.transaction(said(name))),
    renewal.transaction(said('renewal')),
    revocation.transaction(said('revocation')),
    storage.transaction(said('c')),
  ]
  // All of them have asked for their turn once this turn of the event loop is over.
  await setImmediate()
  leave.resolve()
  await Promise.all([running, ...waiting])
  assert.deepEqual(order, ['renewal', 'revocation', 'a', 'b', 'c'])
})

test('database time is the clock that was passed in', async (t) => {
  const clock = manualClock()
  const storage = await open(t, { clock })
  clock.advance(5)
  assert.equal(await storage.now(), clock.now())
})

test('the connection that writes syncs at every commit and checks foreign keys', async (t) => {
  const storage = await open(t)
  const value = (name: string) =>
    storage.transaction(async (tx) => {
      const { rows } = await sql.raw(`PRAGMA ${name}`).execute(tx)
      return Object.values(Object(rows[0]))[0]
    })
  assert.equal(await value('journal_mode'), 'wal')
  assert.equal(await value('synchronous'), 2) // FULL
  assert.equal(await value('foreign_keys'), 1)
  assert.equal(await value('trusted_schema'), 0)
  assert.equal(await value('secure_delete'), 2) // FAST
})

test('a transaction that ended itself writes nothing more', async (t) => {
  const storage = await open(t)
  const ending = storage.transaction(async (tx) => {
    await sql`ROLLBACK`.execute(tx)
    await tx.insertInto('meta').values({ key: 'outside', value: '' }).execute()
  })
  await assert.rejects(ending, unavailable)
  assert.deepEqual(await keys(storage), [])
})

test('a thread that is gone is told once, and one that was closed is not', async (t) => {
  const file = join(folder(t), 'remit.db')
  const thread = startWriter(file)
  const writer = new Writer(lineToThread(thread))
  const told: Error[] = []
  writer.onLost((error) => told.push(error))
  await writer.commit([])
  await thread.terminate()
  await assert.rejects(writer.commit([]), unavailable)
  assert.equal(told.length, 1)
  assert.ok(unavailable(told[0]))

  const closed = new Writer(lineToThread(startWriter(file)))
  closed.onLost(() => assert.fail('it was closed'))
  await closed.commit([])
  await closed.close()
})

test('who waits for a turn when the store is closed is told, and so is who has one', async (t) => {
  const file = join(folder(t), 'remit.db')
  const writer = new Writer(lineToThread(startWriter(file)))
  const turn = await writer.begin(undefined)
  const waiting = writer.begin(undefined)
  const closing = writer.close()
  await assert.rejects(waiting, unavailable)
  await closing
  await assert.rejects(writer.query(turn, 'SELECT 1', []), unavailable)

  const next = new Writer(lineToThread(startWriter(file)))
  await next.end(await next.begin(undefined), 'commit')
  await next.close()
})
