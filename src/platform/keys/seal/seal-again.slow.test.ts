import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { manualClock } from '../../lib/clock.ts'
import { systemRandom as random } from '../../lib/random.ts'
import type { Storage } from '../../storage/index.ts'
import { forEachEngine } from '../../storage/testing.ts'
import { makeKey } from '../signing-key.ts'
import { SIGNING_KEYS_SEALED } from '../signing-key-store.ts'
import { loadSigningKeys, rotateTokensKey } from '../signing-keys.ts'
import { keyRing, type MasterKey } from './key-ring.ts'
import { LASTING_KEYS_SEALED, withLastingKeys } from './lasting-keys.ts'
import { countSealed, sealAgain } from './seal-again.ts'
import type { SealedColumn } from './sealed-column.ts'

const ring = (...bytes: [number, ...number[]]) => {
  const [first, ...others] = bytes.map((byte) => new Uint8Array(32).fill(byte))
  return keyRing([first ?? new Uint8Array(32), ...others], random)
}
const [OLD, BOTH, NEW] = [ring(1), ring(2, 1), ring(2)]
const CONNECTIONS: SealedColumn = {
  table: 'connections',
  column: 'sealed',
  key: 'name',
  with: ['kind'],
  associatedData: ({ kind, name }) => `connections/${kind}/${name}`,
}
const COLUMNS = [SIGNING_KEYS_SEALED, LASTING_KEYS_SEALED, CONNECTIONS]
const MANY = 230

/** Credentials of connections, more than fit a page, and signing keys; all sealed with one key. */
async function fill(storage: Storage, master: MasterKey): Promise<void> {
  const clock = manualClock()
  await loadSigningKeys({ storage, master, clock, random })
  await storage.transaction((tx) =>
    rotateTokensKey(tx, clock, makeKey('tokens', master, random, clock.now())),
  )
  await withLastingKeys(master, { storage, clock })
  const rows = Array.from({ length: MANY }, (_, i) => ({
    name: `c${String(i).padStart(4, '0')}`,
    kind: 'bearer',
    header: 'authorization',
    sealed: master.seal(`secret ${i}`, `connections/bearer/c${String(i).padStart(4, '0')}`),
    created_at: 0,
  }))
  await storage.transaction(async (tx) => {
    await tx.insertInto('connections').values(rows).execute()
  })
}

async function secrets(storage: Storage, master: MasterKey): Promise<string[]> {
  const rows = await storage.read.selectFrom('connections').selectAll().orderBy('name').execute()
  return rows.map(({ name, sealed }) =>
    Buffer.from(master.open(sealed, `connections/bearer/${name}`)).toString(),
  )
}

/** Ends as a process does that is killed at its n-th write. */
function dying(storage: Storage, writes: number): Storage {
  let left = writes
  return {
    ...storage,
    engine: storage.engine,
    read: storage.read,
    transaction: (work) =>
      storage.transaction(async (tx) => {
        const result = await work(tx)
        if (left-- <= 0) throw new Error('killed')
        return result
      }),
  }
}

forEachEngine('sealing again', (open) => {
  const expected = Array.from({ length: MANY }, (_, i) => `secret ${i}`)
  const sums = (sealed: Awaited<ReturnType<typeof countSealed>>) =>
    (['current', 'before', 'unreadable'] as const).map((which) =>
      sealed.reduce((sum, each) => sum + each[which], 0),
    )
  const ALL = MANY + 3 + 5

  test('killed at any write, nothing is lost, and the next run ends it; then the key of before can go', async () => {
    const storage = await open()
    await fill(storage, OLD)
    const parts = { storage, master: BOTH, columns: COLUMNS }
    assert.deepEqual(sums(await countSealed(parts)), [0, ALL, 0])
    const left: unknown[] = []
    const run = async (writes: number) => {
      const ended = await sealAgain({ ...parts, storage: dying(storage, writes) }).then(
        () => true,
        () => false,
      )
      assert.deepEqual(await secrets(storage, BOTH), expected)
      await loadSigningKeys({ storage, master: BOTH, clock: manualClock(), random })
      left.push(sums(await countSealed(parts))[1])
      return ended
    }
    assert.equal(await run(0), false)
    // Each run gets one page further, and is killed at the next.
    while (!(await run(1)));
    assert.deepEqual(left, [ALL, ALL - 3, ALL - 8, ALL - 108, ALL - 208, 0])
    assert.deepEqual(sums(await sealAgain(parts)), [ALL, 0, 0])
    assert.deepEqual(await secrets(storage, NEW), expected)
    await loadSigningKeys({ storage, master: NEW, clock: manualClock(), random })
    await assert.rejects(loadSigningKeys({ storage, master: OLD, clock: manualClock(), random }), {
      code: 'keys.cannot_open',
    })
  })

  test('several at once, beside a change, agree', async () => {
    const storage = await open()
    await fill(storage, OLD)
    const parts = { storage, master: BOTH, columns: COLUMNS }
    const changed = BOTH.seal('changed meanwhile', 'connections/bearer/c0007')
    await Promise.all([
      sealAgain(parts),
      sealAgain(parts),
      storage.transaction((tx) =>
        tx
          .updateTable('connections')
          .set({ sealed: changed })
          .where('name', '=', 'c0007')
          .execute(),
      ),
    ])
    assert.deepEqual(sums(await sealAgain(parts)), [ALL, 0, 0])
    assert.deepEqual(await secrets(storage, NEW), expected.with(7, 'changed meanwhile'))
  })

  test('what nothing opens is left as it is, and said', async () => {
    const storage = await open()
    await fill(storage, OLD)
    const lost = ring(9).seal('lost', 'connections/bearer/c0003')
    await storage.transaction((tx) =>
      tx.updateTable('connections').set({ sealed: lost }).where('name', '=', 'c0003').execute(),
    )
    const parts = { storage, master: BOTH, columns: COLUMNS }
    assert.deepEqual(sums(await sealAgain(parts)), [ALL - 1, 0, 1])
    const row = await storage.read
      .selectFrom('connections')
      .select('sealed')
      .where('name', '=', 'c0003')
      .executeTakeFirstOrThrow()
    assert.deepEqual(new Uint8Array(row.sealed), new Uint8Array(lost))
  })

  test('a table of a module that is left out: nothing is sealed again, and none is told that the key of before can go', async () => {
    const storage = await open()
    await fill(storage, OLD)
    const columns = COLUMNS.filter(({ table }) => table !== 'connections')
    const parts = { storage, master: BOTH, columns }
    const refused = { code: 'keys.columns_unknown', message: /connections\.sealed are/ }
    await assert.rejects(countSealed(parts), refused)
    await assert.rejects(sealAgain(parts), refused)
    assert.deepEqual(sums(await countSealed({ ...parts, columns: COLUMNS })), [0, ALL, 0])
    await storage.transaction((tx) => tx.deleteFrom('connections').execute())
    assert.deepEqual(sums(await sealAgain(parts)), [ALL - MANY, 0, 0], 'an empty table has none')
    // A table that no part of this build knows, of a build with more in it.
    await storage.transaction(async (tx) => {
      const bytes = storage.engine === 'sqlite' ? sql`BLOB` : sql`bytea`
      await sql`CREATE TABLE badges (id TEXT PRIMARY KEY, code ${bytes} NOT NULL)`.execute(tx)
      await sql`INSERT INTO badges VALUES ('one', ${OLD.seal('x', 'badges/one')})`.execute(tx)
    })
    await assert.rejects(sealAgain({ ...parts, columns: COLUMNS }), { message: /badges\.code are/ })
  })

  test('what the first master key derived for good stays, whatever the master key is', async () => {
    const storage = await open()
    const clock = manualClock()
    const lasting = (master: MasterKey) => withLastingKeys(master, { storage, clock })
    // The first start is with both already: names given by the old one have to go on.
    const first = await lasting(BOTH)
    assert.deepEqual(first.derive('pairwise subjects'), OLD.derive('pairwise subjects'))
    assert.deepEqual(first.deriveEach('pairwise subjects').length, 1)
    assert.deepEqual(first.derive('cookies'), NEW.derive('cookies'), 'others do not')
    await sealAgain({ storage, master: BOTH, columns: [LASTING_KEYS_SEALED] })
    const later = await lasting(NEW)
    assert.deepEqual(later.derive('pairwise subjects'), OLD.derive('pairwise subjects'))
    await assert.rejects(lasting(OLD), { code: 'keys.cannot_open' })
  })

  test('replicas that start at once keep the same', async () => {
    const storage = await open()
    const clock = manualClock()
    const all = await Promise.all([1, 2, 3].map(() => withLastingKeys(OLD, { storage, clock })))
    for (const each of all)
      assert.deepEqual(each.derive('counterparties'), OLD.derive('counterparties'))
  })
})
