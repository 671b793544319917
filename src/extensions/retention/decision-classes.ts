import type { Reader, Tx } from '../../platform/storage/index.ts'
import {
  deleteEndings,
  eraseInputs,
  forgetListed,
  selectDecisions,
} from '../../tasks/decision-log/index.ts'
import { type ClassQuery, candidateIds, type KeptClass, pageOfRows } from './class.ts'
import type { SubjectMatter } from './subject.ts'

/** Columns that say what a decision is about. */
const ABOUT = ['id', 'task_id', 'person_id', 'agent_id', 'resource', 'at'] as const

interface DecisionRow {
  readonly id: string
  readonly task_id: string | null
  readonly person_id: string | null
  readonly agent_id: string | null
  readonly resource: string | null
  readonly at: number
}

/** Decisions that permitted. */
export const permits: KeptClass = {
  page: (db, query) =>
    pageOfDecisions(decisionsOf(db, query).where('outcome', '=', 'permit'), query),
  erase: deleteDecisions,
  tidy: forgetListed,
}

/** Decisions that denied, asked for an approval, or asked for a nonce. */
export const refusals: KeptClass = {
  page: (db, query) =>
    pageOfDecisions(decisionsOf(db, query).where('outcome', '<>', 'permit'), query),
  erase: deleteDecisions,
  tidy: forgetListed,
}

/** Arguments and other inputs that decisions were made from. The decisions stay. */
export const inputs: KeptClass = {
  page: (db, query) =>
    pageOfDecisions(decisionsOf(db, query).where('inputs', 'is not', null), query),
  erase: (tx, chosen) => eraseInputs(tx, candidateIds(chosen)),
}

/** Selects decisions of which nothing goes on: the call has ended, and its task is closed. */
function decisionsOf(db: Reader, { after, before, limit, personId }: ClassQuery) {
  const listed =
    personId === undefined
      ? selectDecisions(db, 'all')
      : selectDecisions(db, 'person').where('person_id', '=', personId)
  return (
    listed
      .select(ABOUT)
      // By itself, too: the lists know the time, and not the id.
      .where('at', '>=', after.at)
      .where(({ eb, refTuple, tuple }) => eb(refTuple('at', 'id'), '>', tuple(after.at, after.id)))
      .where('at', '<', before)
      .where('state', '<>', 'sending')
      .where(({ exists, not, selectFrom }) =>
        not(
          exists(
            selectFrom('tasks')
              .select('tasks.id')
              .whereRef('tasks.id', '=', 'd.task_id')
              .where('tasks.state', '<>', 'closed'),
          ),
        ),
      )
      .orderBy('at')
      .orderBy('id')
      .limit(limit)
  )
}

async function pageOfDecisions(query: ReturnType<typeof decisionsOf>, { limit }: ClassQuery) {
  return pageOfRows(await query.execute(), limit, (row) => ({
    cursor: { at: row.at, id: row.id },
    id: row.id,
    about: [subjectOf(row)],
  }))
}

function subjectOf({ agent_id, at, person_id, resource, task_id }: DecisionRow): SubjectMatter {
  return { people: [person_id], agents: [agent_id], tasks: [task_id], resources: [resource], at }
}

async function deleteDecisions(tx: Tx, chosen: Parameters<KeptClass['erase']>[1]): Promise<number> {
  const ids = candidateIds(chosen)
  await deleteEndings(tx, ids)
  const { numDeletedRows } = await tx
    .deleteFrom('decisions')
    .where('id', 'in', ids)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

/** Says what these decisions are about, by their ids. Those that are gone are left out. */
export async function subjectsOfDecisions(
  db: Reader,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SubjectMatter>> {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('decisions').select(ABOUT).where('id', 'in', ids).execute()
  return new Map(rows.map((row) => [row.id, subjectOf(row)]))
}
