import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
import { findPerson } from '../people/index.ts'
import { type AbsentPerson, isInForce, type StandIn } from './stand-in.ts'

const STAND_INS = codec('stand_ins').of<StandIn>()

export async function insertStandIn(tx: Tx, standIn: StandIn): Promise<void> {
  await tx.insertInto('stand_ins').values(STAND_INS.write(standIn)).execute()
}

export async function findStandIn(db: Reader, id: string): Promise<StandIn | undefined> {
  const row = await db
    .selectFrom('stand_ins')
    .select(STAND_INS.columns)
    .where('id', '=', id)
    .executeTakeFirst()
  return row && STAND_INS.read(row)
}

/** False: it is over already. */
export async function endRow(
  tx: Tx,
  { by, id, now }: { readonly id: string; readonly by: string; readonly now: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('stand_ins')
    .set({ ended_at: now, ended_by: by })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .where('ends_at', '>', now)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Part of a list, oldest first: of one person, in either role, or of everybody; behind `after`. */
export interface StandInPage {
  readonly now: number
  readonly personId?: string | undefined
  readonly after?: string | undefined
  readonly limit?: number
}

/** Lists those that are not over: they hold, or will. */
export async function openStandIns(
  db: Reader,
  { after, limit, now, personId }: StandInPage,
): Promise<StandIn[]> {
  let query = db
    .selectFrom('stand_ins')
    .select(STAND_INS.columns)
    .where('ended_at', 'is', null)
    .where('ends_at', '>', now)
  if (personId !== undefined)
    query = query.where(({ eb, or }) =>
      or([eb('person_id', '=', personId), eb('stand_in_id', '=', personId)]),
    )
  const edge = after === undefined ? undefined : await findStandIn(db, after)
  if (edge)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at', 'id'), '>', tuple(edge.createdAt, edge.id)),
    )
  query = query.orderBy('created_at').orderBy('id')
  const rows = await (limit === undefined ? query : query.limit(limit)).execute()
  return rows.map(STAND_INS.read)
}

/** Lists the active people who have a stand-in now, each once. */
export async function peopleStoodInFor(
  db: Reader,
  standInId: string,
  now: number,
): Promise<AbsentPerson[]> {
  const rows = await db
    .selectFrom('stand_ins')
    .select(STAND_INS.columns)
    .where('stand_in_id', '=', standInId)
    .where('ends_at', '>', now)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  const held = Map.groupBy(
    rows.map(STAND_INS.read).filter((each) => isInForce(each, now)),
    ({ personId }) => personId,
  )
  const found = [...held].map(async ([id, standIns]) => {
    const person = await findPerson(db, id)
    const until = Math.max(...standIns.map(({ endsAt }) => endsAt))
    return person?.status === 'active' ? [{ ...person, until }] : []
  })
  return (await Promise.all(found)).flat()
}

/** Lists who stands in for these people now. */
export async function standInsOf(
  db: Reader,
  people: readonly string[],
  now: number,
): Promise<StandIn[]> {
  if (people.length === 0) return []
  const rows = await db
    .selectFrom('stand_ins')
    .select(STAND_INS.columns)
    .where('person_id', 'in', [...people])
    .where('ends_at', '>', now)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(STAND_INS.read).filter((each) => isInForce(each, now))
}
