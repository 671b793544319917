import type { Selectable } from 'kysely'
import type { Id } from '../../lib/id.ts'
import type { Reader, Schema, Tx } from '../../storage/index.ts'
import type { SignalSource } from './signal-source.ts'

/** False: the name is taken. */
export async function insertSource(tx: Tx, source: SignalSource, digest: string): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('signal_sources')
    .values({
      id: source.id,
      name: source.name,
      digest,
      created_by: source.createdBy,
      created_at: source.createdAt,
      last_used_at: source.lastUsedAt,
      revoked_at: source.revokedAt,
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Finds a source by the digest of its secret, also one that was revoked. */
export async function findSourceByDigest(
  db: Reader,
  digest: string,
): Promise<SignalSource | undefined> {
  const row = await db
    .selectFrom('signal_sources')
    .selectAll()
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row && sourceOf(row)
}

/** Revoked ones, too. */
export async function listSources(db: Reader): Promise<readonly SignalSource[]> {
  const rows = await db.selectFrom('signal_sources').selectAll().orderBy('name').execute()
  return rows.map(sourceOf)
}

export async function revokeSourceRow(tx: Tx, name: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('signal_sources')
    .set({ revoked_at: at })
    .where('name', '=', name)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function touchSource(tx: Tx, id: string, at: number): Promise<void> {
  await tx.updateTable('signal_sources').set({ last_used_at: at }).where('id', '=', id).execute()
}

function sourceOf(row: Selectable<Schema['signal_sources']>): SignalSource {
  return {
    id: row.id as Id<'signal_source'>, // every id in this table was made by newId('signal_source')
    name: row.name,
    createdBy: row.created_by,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  }
}
