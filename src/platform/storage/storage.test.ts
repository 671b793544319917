import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { Problem } from '../lib/problem.ts'
import { isDuplicate } from './failure.ts'
import { Guard } from './guard.ts'
import type { Reader, Step, Storage, Tx } from './storage.ts'
import { type OpenStorage, onBothEngines, onSharedFile } from './testing.ts'

const unavailable = (error: unknown) =>
  error instanceof Problem && error.code === 'storage.unavailable'

const INSERT = new Guard('insert')
const CHANGE = new Guard('change')
const ALL = new Guard('all')

function insert(db: Reader, key: string, value = '0'): Step {
  return { guard: INSERT, query: db.insertInto('meta').values({ key, value }), rows: 1 }
}

function change(db: Reader, key: string, from: string, to: string): Step {
  const query = db
    .updateTable('meta')
    .set({ value: to })
    .where('key', '=', key)
    .where('value', '=', from)
  return { guard: CHANGE, query, rows: 1 }
}

function everywhere(name: string, declare: (open: OpenStorage) => void): void {
  onBothEngines(name, declare)
  onSharedFile(name, declare)
}

async function keys(storage: Storage): Promise<string[]> {
  const rows = await storage.read.selectFrom('meta').select('key').orderBy('key').execute()
  return rows.map(({ key }) => key)
}

async function numberAt(db: Reader, key: string): Promise<number> {
  const { value } = await db
    .selectFrom('meta')
    .select('value')
    .where('key', '=', key)
    .executeTakeFirstOrThrow()
  return Number(value)
}

async function addOne(tx: Tx, key: string): Promise<void> {
  const value = await numberAt(tx, key)
  await tx
    .updateTable('meta')
    .set({ value: String(value + 1) })
    .where('key', '=', key)
    .execute()
}

everywhere('statements', (open) => {
  test('nothing is in an empty list, and everything is outside of it', async () => {
    const storage = await open()
    const db = storage.read
    await storage.commit([insert(db, 'a', '1')])
    const found = (operator: 'in' | 'not in') =>
      db
        .selectFrom('meta')
        .select('key')
        .where('key', operator, [])
        .where('value', '=', '1')
        .execute()
    assert.deepEqual(await found('in'), [])
    assert.deepEqual(await found('not in'), [{ key: 'a' }])
    await storage.transaction((tx) => tx.deleteFrom('meta').where('key', 'in', []).execute())
    assert.deepEqual(await keys(storage), ['a'])
  })
})

everywhere('commit', (open) => {
  test('all steps are done, in order', async () => {
    const storage = await open()
    const db = storage.read
    const steps = [insert(db, 'a', '1'), change(db, 'a', '1', '2'), change(db, 'a', '2', '3')]
    assert.deepEqual(await storage.commit(steps), { committed: true })
    assert.equal(await numberAt(db, 'a'), 3)
  })

  test('a guard that does not hold undoes all steps and is answered', async () => {
    const storage = await open()
    const db = storage.read
    const result = await storage.commit([
      insert(db, 'a'),
      change(db, 'a', 'something else', '1'),
      insert(db, 'b'),
    ])
    assert.deepEqual(result, { committed: false, failed: CHANGE })
    assert.deepEqual(await keys(storage), [])
  })

  test('a step that touches more rows than its guard says is undone', async () => {
    const storage = await open()
    const db = storage.read
    await storage.commit([insert(db, 'a'), insert(db, 'b')])
    const query = db.updateTable('meta').set({ value: '9' })
    assert.deepEqual(await storage.commit([{ guard: ALL, query, rows: 1 }]), {
      committed: false,
      failed: ALL,
    })
    assert.equal(await numberAt(db, 'a'), 0)
    assert.deepEqual(await storage.commit([{ name: 'all', query, rows: 'any' }]), {
      committed: true,
    })
    assert.equal(await numberAt(db, 'b'), 9)
  })

  test('a step without a guard that touches other rows undoes all, and is a fault', async () => {
    const storage = await open()
    const db = storage.read
    const query = db.updateTable('meta').set({ value: '9' })
    const steps: Step[] = [insert(db, 'a'), insert(db, 'b'), { name: 'all', query, rows: 1 }]
    await assert.rejects(storage.commit(steps), /other rows than it must: all/)
    assert.deepEqual(await keys(storage), [])
  })

  test('a second row with the same key fails its step as a guard would', async () => {
    const storage = await open()
    const db = storage.read
    await storage.commit([insert(db, 'a')])
    assert.deepEqual(await storage.commit([insert(db, 'b'), insert(db, 'a')]), {
      committed: false,
      failed: INSERT,
    })
    assert.deepEqual(await keys(storage), ['a'])
  })

  test('what fails in a group spoils nothing else in it', async () => {
    const storage = await open()
    const db = storage.read
    await storage.commit([insert(db, 'taken')])
    const query = { compile: () => sql`INSERT INTO nowhere VALUES (1)`.compile(db) }
    const broken: Step = { name: 'broken', query, rows: 1 }
    const results = await Promise.allSettled([
      storage.commit([insert(db, 'a')]),
      storage.commit([insert(db, 'x'), change(db, 'x', 'no', 'no')]),
      storage.commit([insert(db, 'b')]),
      storage.commit([insert(db, 'y'), broken]),
      storage.commit([insert(db, 'z'), insert(db, 'taken')]),
      storage.commit([insert(db, 'c')]),
    ])
    assert.deepEqual(
      results.map((result) => (result.status === 'fulfilled' ? result.value.committed : 'threw')),
      [true, false, true, 'threw', false, true],
    )
    assert.deepEqual(await keys(storage), ['a', 'b', 'c', 'taken'])
  })

  test('of 64 commits that change one row from one state exactly one does', async () => {
    const storage = await open()
    const db = storage.read
    await storage.commit([insert(db, 'a', 'pending')])
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, i) =>
        storage.commit([insert(db, `used ${i}`), change(db, 'a', 'pending', `by ${i}`)]),
      ),
    )
    assert.equal(results.filter(({ committed }) => committed).length, 1)
    assert.equal((await keys(storage)).length, 2)
  })

  test('commits that take the same rows in opposite order all end', async () => {
    const storage = await open()
    const db = storage.read
    await storage.commit([insert(db, 'a'), insert(db, 'b')])
    const touch = (key: string): Step => ({
      name: key,
      query: db.updateTable('meta').set({ value: '1' }).where('key', '=', key),
      rows: 1,
    })
    const results = await Promise.all(
      Array.from({ length: 4 }, (_, i) =>
        storage.commit(i % 2 ? [touch('a'), touch('b')] : [touch('b'), touch('a')]),
      ),
    )
    assert.ok(results.every(({ committed }) => committed))
  })

  test('no steps are committed at once', async () => {
    assert.deepEqual(await (await open()).commit([]), { committed: true })
  })
})

everywhere('transaction', (open) => {
  test('a throw rolls back and reaches the caller as it is', async () => {
    const storage = await open()
    const mine = new Problem('storage.locked', 'mine')
    const failing = storage.transaction(async (tx) => {
      await tx.insertInto('meta').values({ key: 'a', value: '' }).execute()
      throw mine
    })
    await assert.rejects(failing, (error) => error === mine)
    assert.deepEqual(await keys(storage), [])
  })

  test('others see nothing of it before it ends, and all of it after', async () => {
    const storage = await open()
    const answer = await storage.transaction(async (tx) => {
      await tx.insertInto('meta').values({ key: 'a', value: '' }).execute()
      assert.deepEqual(await keys(storage), [])
      return 'done'
    })
    assert.equal(answer, 'done')
    assert.deepEqual(await keys(storage), ['a'])
  })

  test('reading, deciding and writing is safe beside others that do the same, and beside commits', async () => {
    const storage = await open()
    const db = storage.read
    await storage.commit([insert(db, 'count')])
    await Promise.all([
      ...Array.from({ length: 12 }, () => storage.transaction((tx) => addOne(tx, 'count'))),
      ...Array.from({ length: 12 }, (_, i) => storage.commit([insert(db, `beside ${i}`)])),
      ...Array.from({ length: 12 }, () => storage.transaction((tx) => addOne(tx, 'count'))),
    ])
    assert.equal(await numberAt(db, 'count'), 24)
    assert.equal((await keys(storage)).length, 13)
  })

  test('two that each read what the other writes do not both go through on old sight', async () => {
    const storage = await open()
    const db = storage.read
    await storage.commit([insert(db, 'x', '1'), insert(db, 'y', '1')])
    // Each takes one away as long as the other is there: at least one must stay (write skew).
    const take = (mine: string, other: string) =>
      storage.transaction(async (tx) => {
        if ((await numberAt(tx, other)) === 0) return
        await tx.updateTable('meta').set({ value: '0' }).where('key', '=', mine).execute()
      })
    await Promise.all([take('x', 'y'), take('y', 'x')])
    assert.equal((await numberAt(db, 'x')) + (await numberAt(db, 'y')), 1)
  })

  test('many at once on neighbouring rows all go through', async () => {
    const storage = await open()
    const add = (i: number) =>
      storage.transaction(async (tx) => {
        await tx
          .insertInto('meta')
          .values({ key: `n ${i}`, value: '0' })
          .execute()
        assert.equal(await numberAt(tx, `n ${i}`), 0)
        await addOne(tx, `n ${i}`)
      })
    await Promise.all(Array.from({ length: 64 }, (_, i) => add(i)))
    assert.equal((await keys(storage)).length, 64)
  })

  test('a duplicate is told apart from other failures', async () => {
    const storage = await open()
    const db = storage.read
    await storage.commit([insert(db, 'a')])
    const twice = storage.transaction((tx) =>
      tx.insertInto('meta').values({ key: 'a', value: '' }).execute(),
    )
    await assert.rejects(twice, isDuplicate)
    const orphan = storage.transaction((tx) =>
      tx
        .insertInto('memberships')
        .values({ person_id: 'nobody', group_name: 'none', source: 'manual' })
        .execute(),
    )
    await assert.rejects(orphan, (error) => error instanceof Error && !isDuplicate(error))
  })

  test('of 64 that read a row, take a key and change the row, one does, and the others see that it did', async () => {
    const storage = await open()
    const first = { id: 1, newest: 0 }
    await storage.transaction((tx) => tx.insertInto('recorded_time').values(first).execute())
    const taken = new Error('taken')
    const take = () =>
      storage.transaction(async (tx) => {
        const row = await tx.selectFrom('recorded_time').selectAll().executeTakeFirstOrThrow()
        if (row.newest !== 0) throw taken
        await tx.insertInto('meta').values({ key: 'key', value: '' }).execute()
        await tx.updateTable('recorded_time').set({ newest: 1 }).execute()
      })
    const all = await Promise.allSettled(Array.from({ length: 64 }, take))
    const refused = all.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    assert.deepEqual(new Set(refused), new Set([taken]))
    assert.equal(refused.length, 63)
  })

  test('after a statement failed nothing of the transaction can be committed', async () => {
    const storage = await open()
    await storage.commit([insert(storage.read, 'taken')])
    const swallowing = storage.transaction(async (tx) => {
      await tx.insertInto('meta').values({ key: 'a', value: '' }).execute()
      await tx
        .insertInto('meta')
        .values({ key: 'taken', value: '' })
        .execute()
        .catch(() => {})
    })
    await assert.rejects(swallowing)
    assert.deepEqual(await keys(storage), ['taken'])
    const goingOn = storage.transaction(async (tx) => {
      await sql`SELECT nonsense`.execute(tx).catch(() => {})
      await tx.insertInto('meta').values({ key: 'b', value: '' }).execute()
    })
    await assert.rejects(goingOn)
    assert.deepEqual(await keys(storage), ['taken'])
  })

  test('returning and counts are the same on every engine', async () => {
    const storage = await open()
    await storage.transaction(async (tx) => {
      const made = await tx
        .insertInto('live_changes')
        .values([
          { kind: 'task', id: 'a', epoch: 1, state: 'active', at: 1 },
          { kind: 'task', id: 'b', epoch: 1, state: 'active', at: 2 },
        ])
        .returning(['seq', 'id'])
        .execute()
      assert.deepEqual(
        made.map(({ id }) => id),
        ['a', 'b'],
      )
      assert.ok(made.every(({ seq }) => Number.isInteger(seq)))
      const { numUpdatedRows } = await tx
        .updateTable('live_changes')
        .set({ epoch: 2 })
        .executeTakeFirstOrThrow()
      assert.equal(numUpdatedRows, 2n)
      const { count, sum } = await tx
        .selectFrom('live_changes')
        .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.sum<number>('at').as('sum')])
        .executeTakeFirstOrThrow()
      assert.deepEqual({ count, sum }, { count: 2, sum: 3 })
    })
  })
})

everywhere('values', (open) => {
  test('bytes, large numbers, null and any text come back as they went in', async () => {
    const storage = await open()
    const sealed = new Uint8Array([0, 1, 127, 128, 255])
    const row = {
      kid: 'schlüssel 🔑 "\'\\',
      purpose: 'tokens',
      alg: 'ES256',
      public_jwk: '{"a":1}',
      sealed,
      created_at: Number.MAX_SAFE_INTEGER,
      retired_at: null,
      custody: 'here',
    }
    await storage.transaction((tx) => tx.insertInto('signing_keys').values(row).execute())
    assert.deepEqual(await storage.read.selectFrom('signing_keys').selectAll().execute(), [row])
  })

  test('text is compared byte by byte, whatever the locale of the database', async () => {
    const storage = await open()
    const db = storage.read
    await storage.commit(['b', 'ä', 'B', 'a', '_', 'a-1', 'a1'].map((key) => insert(db, key)))
    assert.deepEqual(await keys(storage), ['B', '_', 'a', 'a-1', 'a1', 'b', 'ä'])
    const found = await db.selectFrom('meta').select('key').where('key', '>', 'a1').execute()
    assert.equal(found.length, 2)
  })

  test('what the schema does not allow is refused', async () => {
    const storage = await open()
    const bad = sql`INSERT INTO live_epochs (kind, id, epoch, state) VALUES ('task', 't', 1, 'alive')`
    await assert.rejects(storage.transaction((tx) => bad.execute(tx)))
    const text = sql`INSERT INTO used_once (kind, key, expires_at) VALUES ('a', 'b', 'soon')`
    await assert.rejects(storage.transaction((tx) => text.execute(tx)))
  })
})

everywhere('reading', (open) => {
  test('nothing can be written through it', async () => {
    const storage = await open()
    await assert.rejects(storage.read.insertInto('meta').values({ key: 'a', value: '' }).execute())
    await assert.rejects(sql`DELETE FROM meta`.execute(storage.read))
    await assert.rejects(sql`CREATE TABLE mine (a INTEGER)`.execute(storage.read))
    await assert.rejects(storage.read.transaction().execute(async () => {}))
    await storage.commit([insert(storage.read, 'still works')])
    assert.deepEqual(await keys(storage), ['still works'])
  })
})

everywhere('hints', (open) => {
  test('reach who listens to the channel, until it stops listening', async () => {
    const storage = await open()
    const heard: string[] = []
    const stop = storage.onNotify('live', () => heard.push('stopped'))
    stop()
    const arrived = new Promise<void>((resolve) => {
      storage.onNotify('live', () => {
        heard.push('live')
        resolve()
      })
    })
    storage.onNotify('other', () => heard.push('other'))
    storage.notify('live')
    await arrived
    assert.deepEqual(heard, ['live'])
  })
})

everywhere('closing', (open) => {
  test('refuses what comes after, and may be done twice', async () => {
    const storage = await open()
    const before = storage.commit([insert(storage.read, 'a')])
    await storage.close()
    await storage.close()
    await before.catch(unavailable)
    await assert.rejects(storage.commit([insert(storage.read, 'b')]), unavailable)
    await assert.rejects(
      storage.transaction(async () => {}),
      unavailable,
    )
  })
})

everywhere('database time', (open) => {
  test('is epoch milliseconds', async () => {
    const storage = await open()
    const before = Date.now()
    const now = await storage.now()
    assert.ok(Number.isInteger(now))
    assert.ok(now >= before - 1_000 && now <= Date.now() + 1_000)
  })
})
