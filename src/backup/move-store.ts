import { sql } from 'kysely'
import { Problem } from '../lib/problem.ts'
import { type Live, MAX_LEASE_AHEAD_MS, ORGANIZATION } from '../revocation/index.ts'
import type { Reader, Storage, Tx } from '../storage/index.ts'

/** Key in `meta` of a database that was moved elsewhere. Its value: the state of the organization before. */
const MOVED = 'backup.moved'

async function readMove(db: Reader): Promise<string | undefined> {
  const row = await db
    .selectFrom('meta')
    .select('value')
    .where('key', '=', MOVED)
    .executeTakeFirst()
  return row?.value
}

/** @throws Problem `storage.moved` */
export async function requireNotMoved(db: Reader): Promise<void> {
  if ((await readMove(db)) !== undefined)
    throw new Problem(
      'storage.moved',
      'it was exported with `remit export`, and no server may use it any more',
    )
}

/**
 * Takes the first lease of a server.
 * INVARIANT: reads the mark of a moved database after the lease is written. An export looks for
 * leases and writes the mark in one exclusive transaction, so one of the two sees the other.
 * @throws Problem `storage.moved`
 */
export async function startUnlessMoved(
  live: Pick<Live, 'start' | 'stop'>,
  db: Reader,
): Promise<void> {
  await live.start()
  try {
    await requireNotMoved(db)
  } catch (error) {
    await live.stop()
    throw error
  }
}

/**
 * Keeps servers from taking leases until the transaction ends. On SQLite, whoever has the data
 * directory is alone.
 * @throws Problem `storage.in_use` while a server has a lease
 */
export async function requireNoServer(
  tx: Tx,
  { engine, time }: Pick<Storage, 'engine' | 'time'>,
): Promise<void> {
  if (engine === 'postgres') await sql`LOCK TABLE live_replicas IN EXCLUSIVE MODE`.execute(tx)
  const servers = await tx
    .selectFrom('live_replicas')
    .select('id')
    .where('lease_until', '>', time())
    // A row from a time when the clock was ahead is no server of now.
    .where('lease_until', '<=', sql<number>`${time()} + ${sql.lit(MAX_LEASE_AHEAD_MS)}`)
    .execute()
  if (servers.length > 0)
    throw new Problem(
      'storage.in_use',
      `servers that use it: ${servers.length}; stop them, and wait for five seconds`,
    )
}

/**
 * Marks a database as moved.
 * INVARIANT: a server that still runs somewhere, or is started, permits nothing: everything depends
 * on the organization, and an organization that has ended never becomes active again.
 */
export async function markMoved(tx: Tx): Promise<void> {
  if ((await readMove(tx)) !== undefined) return
  const { id, kind } = ORGANIZATION
  const row = await tx
    .selectFrom('live_epochs')
    .select('state')
    .where('kind', '=', kind)
    .where('id', '=', id)
    .executeTakeFirst()
  await tx
    .insertInto('meta')
    .values({ key: MOVED, value: row?.state ?? 'active' })
    .execute()
  await setOrganization(tx, 'ended')
}

/** Gives the organization of a moved database its state again, in another database. */
export async function reopenOrganization(tx: Tx): Promise<void> {
  const before = await readMove(tx)
  if (before === undefined) return
  await setOrganization(tx, before === 'suspended' ? 'suspended' : 'active')
  await tx.deleteFrom('meta').where('key', '=', MOVED).execute()
}

async function setOrganization(tx: Tx, state: 'active' | 'suspended' | 'ended'): Promise<void> {
  const { id, kind } = ORGANIZATION
  await tx
    .updateTable('live_epochs')
    .set({ state, epoch: sql<number>`epoch + 1` })
    .where('kind', '=', kind)
    .where('id', '=', id)
    .execute()
}
