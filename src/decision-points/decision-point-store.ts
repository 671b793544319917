import type { Selectable } from 'kysely'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { Reader, Schema, Tx } from '../storage/index.ts'
import type { SealedDecisionPoint } from './decision-point.ts'

export async function selectPoints(db: Reader): Promise<readonly SealedDecisionPoint[]> {
  const rows = await db.selectFrom('decision_points').selectAll().orderBy('name').execute()
  return rows.map(pointOf)
}

/** False: the name is taken. */
export async function insertPoint(tx: Tx, point: SealedDecisionPoint): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('decision_points')
    .values({
      name: point.name,
      url: point.url,
      header: point.header ?? null,
      sealed: point.sealed ?? null,
      resources: canonicalJson(point.resources),
      actions: canonicalJson(point.actions),
      timeout_ms: point.timeoutMs,
      arguments: point.sendsArguments ? 1 : 0,
      created_by: point.createdBy,
      created_at: point.createdAt,
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function deletePoint(tx: Tx, name: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('decision_points')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

function pointOf(row: Selectable<Schema['decision_points']>): SealedDecisionPoint {
  return {
    name: row.name,
    url: row.url,
    header: row.header ?? undefined,
    sealed: row.sealed ?? undefined,
    resources: JSON.parse(row.resources) as readonly string[], // as: written by insertPoint
    actions: JSON.parse(row.actions) as readonly string[], // as: written by insertPoint
    timeoutMs: row.timeout_ms,
    sendsArguments: row.arguments === 1,
    createdBy: row.created_by,
    createdAt: row.created_at,
  }
}
