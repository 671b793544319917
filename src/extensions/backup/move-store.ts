import { sql } from 'kysely'
import { type Id, newId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Random } from '../../platform/lib/random.ts'
import { MAX_LEASE_AHEAD_MS, MOVED, ORGANIZATION } from '../../platform/revocation/index.ts'
import type { Reader, Storage, StorageBuild, Tx } from '../../platform/storage/index.ts'
import { requireEmpty } from './load-backup.ts'

/**
 * Key in `meta` of an empty database that an export may be imported into, and of the database that was exported for it. Its value: an id
 * that no other database has.
 */
const DESTINATION = 'backup.destination'

async function readMeta(db: Reader, key: string): Promise<string | undefined> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst()
  return row?.value
}

const readMove = (db: Reader) => readMeta(db, MOVED)

/** Gives an empty database an id by which one export can be made for it; the one that it has, where it has one. */
export async function prepareDestination(
  tx: Tx,
  { build, random }: { readonly build: StorageBuild; readonly random: Random },
): Promise<Id<'destination'>> {
  const known = await takeDestination(tx)
  await requireEmpty(tx, build)
  const value = known ?? newId('destination', random)
  await tx.insertInto('meta').values({ key: DESTINATION, value }).execute()
  return value
}

/** Takes the id of a destination away, so that it counts once. Absent: the database has none. */
export async function takeDestination(tx: Tx): Promise<Id<'destination'> | undefined> {
  const value = await readMeta(tx, DESTINATION)
  await tx.deleteFrom('meta').where('key', '=', DESTINATION).execute()
  return value as Id<'destination'> | undefined // as: only `prepareDestination` and `markMoved` write it
}

/**
 * Keeps servers from taking leases until the transaction ends. On SQLite, the holder of the data
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
 * Marks a database as moved to one other database.
 * INVARIANT: a server that still runs somewhere, or is started, permits nothing: everything depends
 * on the organization, and an organization that has ended never becomes active again.
 */
export async function markMoved(tx: Tx, to: Id<'destination'>): Promise<void> {
  const before = await takeDestination(tx)
  await tx.insertInto('meta').values({ key: DESTINATION, value: to }).execute()
  if ((await readMove(tx)) !== undefined) {
    // INVARIANT: two exports of the same work are never for two databases.
    if (before === undefined || before === to) return
    throw new Problem('storage.moved', `it was exported for ${before}, and for no other database`)
  }
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
  await takeDestination(tx)
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
