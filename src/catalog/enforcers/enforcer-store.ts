import type { Selectable } from 'kysely'
import type { Id } from '../../lib/id.ts'
import type { Reader, Schema, Step, Tx } from '../../storage/index.ts'
import type { Enforcer } from './enforcer.ts'

export async function insertEnforcer(tx: Tx, enforcer: Enforcer, digest: string): Promise<void> {
  await tx
    .insertInto('enforcers')
    .values({
      id: enforcer.id,
      digest,
      resource: enforcer.resource,
      created_by: enforcer.createdBy,
      created_at: enforcer.createdAt,
      last_used_at: enforcer.lastUsedAt,
      revoked_at: enforcer.revokedAt,
    })
    .execute()
}

/** Selects an enforcer by the digest of its secret, also one that was revoked. */
export async function selectByDigest(
  reader: Reader,
  digest: string,
): Promise<Enforcer | undefined> {
  const row = await reader
    .selectFrom('enforcers')
    .selectAll()
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row && enforcerOf(row)
}

/** Selects the enforcers of one resource, newest first; revoked ones too. */
export async function selectEnforcers(
  reader: Reader,
  resource: string,
): Promise<readonly Enforcer[]> {
  const rows = await reader
    .selectFrom('enforcers')
    .selectAll()
    .where('resource', '=', resource)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
  return rows.map(enforcerOf)
}

/** False: there is none of that resource that is in use. */
export async function revokeRow(
  tx: Tx,
  { id, resource, at }: { id: string; resource: string; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('enforcers')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('resource', '=', resource)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export function usedStep(reader: Reader, id: string, at: number): Step {
  return {
    name: 'enforcer used',
    query: reader.updateTable('enforcers').set({ last_used_at: at }).where('id', '=', id),
    rows: 'any',
  }
}

function enforcerOf(row: Selectable<Schema['enforcers']>): Enforcer {
  return {
    id: row.id as Id<'enforcer'>, // every id in this table was made by newId('enforcer')
    resource: row.resource,
    createdBy: row.created_by,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  }
}
