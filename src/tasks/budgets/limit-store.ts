import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
import type { Limit } from './limit.ts'
import type { LimitSubject, StandingLimit } from './standing-limit.ts'

const LIMITS = codec('limits').of<StandingLimit>({
  read: {
    subject: ({ subject_id: id, subject_kind: kind }) => ({ kind, id }),
    limit: ({ terms }) => JSON.parse(terms) as Limit, // as: written below
  },
  write: {
    subject_kind: ({ subject }) => subject.kind,
    subject_id: ({ subject }) => subject.id,
    name: ({ limit }) => limit.name,
    terms: ({ limit }) => canonicalJson(limit),
  },
})

/** Key of a standing limit: setting one with the same key changes it. */
export type LimitKey = Pick<StandingLimit, 'subject' | 'eachTask'> & { readonly name: string }

/** Lists the limits of any of these, in a fixed order. */
export async function limitsOn(
  db: Reader,
  subjects: readonly LimitSubject[],
): Promise<StandingLimit[]> {
  if (subjects.length === 0) return []
  const rows = await db
    .selectFrom('limits')
    .selectAll()
    .where((eb) =>
      eb.or(subjects.map(({ id, kind }) => eb.and({ subject_kind: kind, subject_id: id }))),
    )
    .orderBy('subject_kind')
    .orderBy('subject_id')
    .orderBy('name')
    .execute()
  return rows.map(LIMITS.read)
}

export async function allLimits(
  db: Reader,
  filter: { readonly subject?: Partial<LimitSubject>; readonly most: number },
): Promise<StandingLimit[]> {
  const { id, kind } = filter.subject ?? {}
  let query = db.selectFrom('limits').selectAll()
  if (kind !== undefined) query = query.where('subject_kind', '=', kind)
  if (id !== undefined) query = query.where('subject_id', '=', id)
  const rows = await query
    .orderBy('subject_kind')
    .orderBy('subject_id')
    .orderBy('each_task')
    .orderBy('name')
    .limit(filter.most)
    .execute()
  return rows.map(LIMITS.read)
}

export async function findLimit(db: Reader, id: string): Promise<StandingLimit | undefined> {
  const row = await db.selectFrom('limits').selectAll().where('id', '=', id).executeTakeFirst()
  return row && LIMITS.read(row)
}

export async function findLimitBy(db: Reader, key: LimitKey): Promise<StandingLimit | undefined> {
  const row = await db
    .selectFrom('limits')
    .selectAll()
    .where('subject_kind', '=', key.subject.kind)
    .where('subject_id', '=', key.subject.id)
    .where('each_task', '=', key.eachTask ? 1 : 0)
    .where('name', '=', key.name)
    .executeTakeFirst()
  return row && LIMITS.read(row)
}

export async function countLimits(db: Reader, subject: LimitSubject): Promise<number> {
  const { count } = await db
    .selectFrom('limits')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('subject_kind', '=', subject.kind)
    .where('subject_id', '=', subject.id)
    .executeTakeFirstOrThrow()
  return Number(count)
}

export async function insertLimit(tx: Tx, limit: StandingLimit): Promise<void> {
  await tx.insertInto('limits').values(LIMITS.write(limit)).execute()
}

/** Changes the amount of a limit; all else says which limit it is. */
export async function updateLimit(tx: Tx, limit: StandingLimit): Promise<void> {
  const { changed_at, changed_by, terms } = LIMITS.write(limit)
  await tx
    .updateTable('limits')
    .set({ terms, changed_at, changed_by })
    .where('id', '=', limit.id)
    .execute()
}

/** False when there is none. */
export async function deleteLimit(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('limits')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}
