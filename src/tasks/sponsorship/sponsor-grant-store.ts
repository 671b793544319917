import { type ExpressionBuilder, sql } from 'kysely'
import {
  codec,
  Guard,
  type Reader,
  type Schema,
  type Step,
  type Tx,
} from '../../platform/storage/index.ts'
import { TASK_LIFE } from '../tasks/index.ts'
import type { SponsorGrant } from './sponsor-grant.ts'

const GRANTS = codec('sponsor_grants').of<SponsorGrant>({
  read: {
    rate: ({ rate_seconds: seconds, rate_tasks: tasks }) =>
      tasks === null || seconds === null ? null : { tasks, seconds },
  },
  write: {
    rate_tasks: ({ rate }) => rate?.tasks ?? null,
    rate_seconds: ({ rate }) => rate?.seconds ?? null,
  },
})

const GRANT_GUARD = new Guard('sponsor grant in force', [
  'sponsor_grant.not_in_force',
  'the sponsor grant has ended',
])
const RATE_GUARD = new Guard('rate of the sponsor grant', [
  'sponsor_grant.too_many',
  'as many tasks were opened as may be for now',
])

export async function insertSponsorGrant(tx: Tx, grant: SponsorGrant): Promise<void> {
  await tx.insertInto('sponsor_grants').values(GRANTS.write(grant)).execute()
}

export async function findSponsorGrant(db: Reader, id: string): Promise<SponsorGrant | undefined> {
  const row = await db
    .selectFrom('sponsor_grants')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row && GRANTS.read(row)
}

export interface SponsorGrantFilter {
  /** Grants of this agent alone. */
  readonly agentId?: string
  /** Grants alone that this person gave, or that are for an agent of theirs. */
  readonly concerning?: string
  readonly sponsorId?: string
  /** Only those in force at this time. */
  readonly inForceAt?: number
  readonly limit: number
}

/** Newest first. */
export async function listSponsorGrants(
  db: Reader,
  filter: SponsorGrantFilter,
): Promise<SponsorGrant[]> {
  const { agentId, concerning, inForceAt, limit, sponsorId } = filter
  let query = db.selectFrom('sponsor_grants').selectAll()
  if (agentId !== undefined) query = query.where('agent_id', '=', agentId)
  if (sponsorId !== undefined) query = query.where('person_id', '=', sponsorId)
  if (inForceAt !== undefined) query = query.where(inForce(inForceAt))
  if (concerning !== undefined) {
    const owned = db.selectFrom('agents').select('id').where('owner_id', '=', concerning)
    query = query.where((eb) =>
      eb.or([eb('person_id', '=', concerning), eb('agent_id', 'in', owned)]),
    )
  }
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(GRANTS.read)
}

/** False when it had ended before. */
export async function markGrantEnded(tx: Tx, id: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('sponsor_grants')
    .set({ ended_at: at })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/**
 * The guards of an opening under a grant, in this order: it is held in force to the end of the transaction, so an
 * act that ends it waits and then sees the task; and the rate leaves room, counted after everyone who opened before is
 * committed.
 */
export function holdGrantSteps(db: Reader, grant: SponsorGrant, now: number): Step[] {
  const held = holdGrant(db, grant.id).where(inForce(now))
  const steps: Step[] = [{ guard: GRANT_GUARD, query: held, rows: 1 }]
  if (grant.rate) {
    const lately = db
      .selectFrom('tasks')
      .select(sql<number>`count(*)`.as('count'))
      .where('sponsor_grant_id', '=', grant.id)
      .where('parent_id', 'is', null)
      .where('opened_at', '>', now - grant.rate.seconds * 1000)
    const query = holdGrant(db, grant.id).where(lately, '<', grant.rate.tasks)
    steps.push({ guard: RATE_GUARD, query, rows: 1 })
  }
  return steps
}

/**
 * Counts the tasks that were opened under each of these grants, and says when the last one was.
 * Grants without any are left out.
 */
export async function openingsUnder(
  db: Reader,
  grantIds: readonly string[],
): Promise<ReadonlyMap<string, { readonly count: number; readonly last: number }>> {
  if (grantIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('tasks')
    .select('sponsor_grant_id')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .select((eb) => eb.fn.max('opened_at').as('last'))
    .where('sponsor_grant_id', 'in', grantIds)
    .where('parent_id', 'is', null)
    .groupBy('sponsor_grant_id')
    .execute()
  return new Map(
    rows.map((row) => [
      row.sponsor_grant_id ?? '',
      { count: Number(row.count), last: Number(row.last) },
    ]),
  )
}

/**
 * Finds when the newest but `skipped` task under a grant was opened; `undefined`: there are not so
 * many.
 */
export async function openingBefore(
  db: Reader,
  grantId: string,
  skipped: number,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('tasks')
    .select('opened_at')
    .where('sponsor_grant_id', '=', grantId)
    .where('parent_id', 'is', null)
    .orderBy('opened_at', 'desc')
    .offset(skipped)
    .limit(1)
    .executeTakeFirst()
  return row?.opened_at
}

/** The tasks opened under a grant that are not closed, or were closed after `closedSince`; roots only. */
export async function tasksUnderGrant(
  db: Reader,
  grantId: string,
  closedSince: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('tasks')
    .select('id')
    .where('sponsor_grant_id', '=', grantId)
    // Tasks opened earlier have ended by themselves.
    .where('opened_at', '>', closedSince - TASK_LIFE.most)
    .where('parent_id', 'is', null)
    .where((eb) => eb.or([eb('state', '!=', 'closed'), eb('closed_at', '>', closedSince)]))
    .execute()
  return rows.map(({ id }) => id)
}

function holdGrant(db: Reader, id: string) {
  return db
    .updateTable('sponsor_grants')
    .set((eb) => ({ ended_at: eb.ref('ended_at') }))
    .where('id', '=', id)
}

function inForce(now: number) {
  return (eb: ExpressionBuilder<Schema, 'sponsor_grants'>) =>
    eb.and([eb('ended_at', 'is', null), eb('expires_at', '>', now)])
}
