import type { Selectable } from 'kysely'
import type { Id } from '../../lib/id.ts'
import type { Reader, Schema, Step, Tx } from '../../storage/index.ts'
import type { Surface } from './surface.ts'

export async function insertSurface(tx: Tx, surface: Surface, digest: string): Promise<void> {
  await tx
    .insertInto('surfaces')
    .values({
      id: surface.id,
      digest,
      name: surface.name,
      space_id: surface.spaceId,
      silent_after: surface.silentAfter,
      created_by: surface.createdBy,
      created_at: surface.createdAt,
      heard_at: surface.heardAt,
      revoked_at: surface.revokedAt,
    })
    .execute()
}

/** Finds a surface by its id, also one that was revoked. */
export async function findSurface(reader: Reader, id: string): Promise<Surface | undefined> {
  const row = await reader
    .selectFrom('surfaces')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row && surfaceOf(row)
}

/** Finds a surface by the digest of its secret, also one that was revoked. */
export async function surfaceByDigest(
  reader: Reader,
  digest: string,
): Promise<Surface | undefined> {
  const row = await reader
    .selectFrom('surfaces')
    .selectAll()
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row && surfaceOf(row)
}

/** Lists the surfaces of one space, newest first; revoked ones too. */
export async function listSurfaces(reader: Reader, spaceId: string): Promise<readonly Surface[]> {
  const rows = await reader
    .selectFrom('surfaces')
    .selectAll()
    .where('space_id', '=', spaceId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
  return rows.map(surfaceOf)
}

/** False: the space has none of that id that is in use. */
export async function revokeRow(
  tx: Tx,
  { at, id, spaceId }: { id: string; spaceId: string; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('surfaces')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('space_id', '=', spaceId)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Never backwards: what another replica heard later stays. */
export function heardStep(reader: Reader, id: string, at: number): Step {
  return {
    name: 'surface heard',
    query: reader
      .updateTable('surfaces')
      .set({ heard_at: at })
      .where('id', '=', id)
      .where('heard_at', '<', at),
    rows: 'any',
  }
}

function surfaceOf(row: Selectable<Schema['surfaces']>): Surface {
  return {
    id: row.id as Id<'surface'>, // every id in this table was made by newId('surface')
    name: row.name,
    spaceId: row.space_id,
    silentAfter: row.silent_after,
    createdBy: row.created_by,
    createdAt: row.created_at,
    heardAt: row.heard_at,
    revokedAt: row.revoked_at,
  }
}
