import { sql } from 'kysely'
import type { ApprovalParts } from '../../approvals/access-requests/index.ts'
import { DAY, HOUR } from '../../platform/lib/time-units.ts'
import type { Reader } from '../../platform/storage/index.ts'

/** An answer that came sooner was hardly read. */
const READING_MS = 3_000

/** Counts of one approver's answers in the last 30 days. */
export interface AnswerFigures {
  readonly personId: string
  readonly answers: number
  readonly approved: number
  /** Answers of which it is known when their page was opened, and those within 3 s of it. */
  readonly timed: number
  readonly hasty: number
  /** Most answers within one hour of the clock. */
  readonly busiestHour: number
}

const MAX_ROWS = 50_000

/** Counts answers, of one person or of everybody, those with the most answers first. */
export async function answerFigures(
  { clock, storage }: Pick<ApprovalParts, 'clock' | 'storage'>,
  personId?: string,
): Promise<readonly AnswerFigures[]> {
  const found = new Map<string, AnswerFigures>()
  for (const row of await hoursOf(storage.read, clock.now() - 30 * DAY, personId)) {
    const before = found.get(row.personId)
    found.set(row.personId, {
      personId: row.personId,
      answers: row.answers + (before?.answers ?? 0),
      approved: row.approved + (before?.approved ?? 0),
      timed: row.timed + (before?.timed ?? 0),
      hasty: row.hasty + (before?.hasty ?? 0),
      busiestHour: Math.max(row.answers, before?.busiestHour ?? 0),
    })
  }
  return [...found.values()].toSorted(
    (a, b) => b.answers - a.answers || (a.personId < b.personId ? -1 : 1),
  )
}

async function hoursOf(db: Reader, since: number, personId: string | undefined) {
  const hour = sql`answered_at / ${sql.lit(HOUR)}`
  const hasty = sql<number>`SUM(CASE WHEN answered_at - shown_at < ${sql.lit(READING_MS)} THEN 1 ELSE 0 END)`
  const approved = sql<number>`SUM(CASE WHEN answer = 'approve' THEN 1 ELSE 0 END)`
  let query = db
    .selectFrom('approval_answers')
    .select(({ fn }) => [
      'person_id',
      fn.countAll().as('answers'),
      approved.as('approved'),
      fn.count('shown_at').as('timed'),
      hasty.as('hasty'),
    ])
    .where('answered_at', '>', since)
    // A call approved with changes counts once, as an approval: the denial of the original is left out.
    .where(({ eb, or }) =>
      or([eb('consequence', 'is', null), eb('consequence', '!=', sql.lit('edit'))]),
    )
  if (personId !== undefined) query = query.where('person_id', '=', personId)
  const rows = await query.groupBy('person_id').groupBy(hour).limit(MAX_ROWS).execute()
  return rows.map((row) => ({
    personId: row.person_id,
    answers: Number(row.answers),
    approved: Number(row.approved),
    timed: Number(row.timed),
    hasty: Number(row.hasty),
  }))
}
