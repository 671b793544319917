import type { Reader, Tx } from '../../platform/storage/index.ts'
import type { SealedDecisionPoint } from './decision-point.ts'
import { DECISION_POINT_TABLES } from './tables.ts'

const POINTS = DECISION_POINT_TABLES.codec('decision_points').of<SealedDecisionPoint>({
  read: { sendsArguments: (row) => row.arguments === 1 },
  write: { arguments: ({ sendsArguments }) => (sendsArguments ? 1 : 0) },
})

export async function selectPoints(db: Reader): Promise<readonly SealedDecisionPoint[]> {
  const rows = await DECISION_POINT_TABLES.in(db)
    .selectFrom('decision_points')
    .selectAll()
    .orderBy('name')
    .execute()
  return rows.map(POINTS.read)
}

/** False: the name is taken. */
export async function insertPoint(tx: Tx, point: SealedDecisionPoint): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await DECISION_POINT_TABLES.in(tx)
    .insertInto('decision_points')
    .values(POINTS.write(point))
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function deletePoint(tx: Tx, name: string): Promise<boolean> {
  const { numDeletedRows } = await DECISION_POINT_TABLES.in(tx)
    .deleteFrom('decision_points')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}
