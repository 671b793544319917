import type { Detail } from '@remit/engine'
import { type ExpressionBuilder, type Selectable, sql } from 'kysely'
import type { Limit } from '../budgets/index.ts'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { Id } from '../lib/id.ts'
import { Guard, type Reader, type Schema, type Step, type Tx } from '../storage/index.ts'
import { TASK_LIFE } from '../tasks/index.ts'
import type { Schedule } from './schedule.ts'
import type { SponsorGrant } from './sponsor-grant.ts'

type Row = Selectable<Schema['sponsor_grants']>

const GRANT_GUARD = new Guard('sponsor grant in force', [
  'sponsor_grant.not_in_force',
  'the sponsor grant has ended',
])
const RATE_GUARD = new Guard('rate of the sponsor grant', [
  'sponsor_grant.too_many',
  'as many tasks were opened as may be for now',
])

export async function insertSponsorGrant(tx: Tx, grant: SponsorGrant): Promise<void> {
  await tx.insertInto('sponsor_grants').values(rowOf(grant)).execute()
}

export async function findSponsorGrant(db: Reader, id: string): Promise<SponsorGrant | undefined> {
  const row = await db
    .selectFrom('sponsor_grants')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row && grantOf(row)
}

export interface SponsorGrantFilter {
  /** Those of this agent. */
  readonly agentId?: string
  /** Those that this person gave, or that are for an agent of theirs. */
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
  return rows.map(grantOf)
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
 * The guards of an opening under a grant, in this order: it is held in force to the end of the transaction, so whoever
 * wants to end it waits and then sees the task; and the rate leaves room, counted after everyone who opened before is
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

/** How many tasks were opened under each of these grants, and when the last one was. Grants without any are left out. */
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

/** When the newest but `skipped` task under a grant was opened; `undefined`: there are not so many. */
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
    // What was opened earlier was over by itself.
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

function rowOf(grant: SponsorGrant): Row {
  return {
    id: grant.id,
    agent_id: grant.agentId,
    person_id: grant.personId,
    purpose: grant.purpose,
    details: canonicalJson(grant.details),
    may_delegate: grant.mayDelegate && canonicalJson(grant.mayDelegate),
    budget: canonicalJson(grant.budget),
    schedule: grant.schedule && canonicalJson(grant.schedule),
    rate_tasks: grant.rate?.tasks ?? null,
    rate_seconds: grant.rate?.seconds ?? null,
    created_at: grant.createdAt,
    expires_at: grant.expiresAt,
    ended_at: grant.endedAt,
  }
}

function grantOf(row: Row): SponsorGrant {
  return {
    id: row.id as Id<'sponsor_grant'>, // every id in this table was made by newId('sponsor_grant')
    agentId: row.agent_id,
    personId: row.person_id as Id<'person'>, // written from a person's id
    purpose: row.purpose,
    details: JSON.parse(row.details) as Detail[], // written by rowOf from details the engine made
    mayDelegate: row.may_delegate === null ? null : (JSON.parse(row.may_delegate) as Detail[]), // likewise
    budget: JSON.parse(row.budget) as Limit[], // written by rowOf
    schedule: row.schedule === null ? null : (JSON.parse(row.schedule) as Schedule), // likewise
    rate:
      row.rate_tasks === null || row.rate_seconds === null
        ? null
        : { tasks: row.rate_tasks, seconds: row.rate_seconds },
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
  }
}
