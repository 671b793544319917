import type { Detail } from '@remit/engine'
import type { ExpressionBuilder, Selectable } from 'kysely'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { Id } from '../lib/id.ts'
import { Guard, type Reader, type Schema, type Step, type Tx } from '../storage/index.ts'
import type { Basis, BasisKind } from './basis.ts'
import type { ConsentParts } from './parts.ts'

type Row = Selectable<Schema['bases']>

export async function insertBasis(tx: Tx, basis: Basis): Promise<void> {
  await tx
    .insertInto('bases')
    .values({
      id: basis.id,
      person_id: basis.personId,
      agent_id: basis.agentId,
      kind: basis.kind,
      details: canonicalJson(basis.details),
      granted_by: basis.grantedBy,
      created_at: basis.createdAt,
      expires_at: basis.expiresAt,
      ended_at: basis.endedAt,
    })
    .execute()
}

export async function findBasis(db: Reader, id: string): Promise<Basis | undefined> {
  const row = await db.selectFrom('bases').selectAll().where('id', '=', id).executeTakeFirst()
  return row && basisOf(row)
}

/** The bases in force on which this agent may act for this person, oldest first. */
export async function basesFor(
  db: Reader,
  of: { personId: string; agentId: string; now: number },
): Promise<Basis[]> {
  const rows = await db
    .selectFrom('bases')
    .selectAll()
    .where('person_id', '=', of.personId)
    .where('agent_id', '=', of.agentId)
    .where(inForceAt(of.now))
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(basisOf)
}

/** The bases in force on which this agent may act for anybody, newest first. */
export async function basesOfAgent(
  db: Reader,
  of: {
    readonly agentId: string
    readonly kind?: BasisKind
    readonly now: number
    readonly limit: number
  },
): Promise<Basis[]> {
  const rows = await db
    .selectFrom('bases')
    .selectAll()
    .where('agent_id', '=', of.agentId)
    .where(inForceAt(of.now))
    .where((eb) => (of.kind === undefined ? eb.lit(true) : eb('kind', '=', of.kind)))
    .orderBy('created_at', 'desc')
    .limit(of.limit)
    .execute()
  return rows.map(basisOf)
}

/** Every basis in force that a person gave or has, newest first. */
export async function basesOfPerson(db: Reader, personId: string, now: number): Promise<Basis[]> {
  const rows = await db
    .selectFrom('bases')
    .selectAll()
    .where('person_id', '=', personId)
    .where(inForceAt(now))
    .orderBy('created_at', 'desc')
    .execute()
  return rows.map(basisOf)
}

/** False when it had ended before. */
export async function markEnded(tx: Tx, id: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('bases')
    .set({ ended_at: at })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Fails where a basis ended while a task was opening on it. */
export const BASES_GUARD = new Guard('bases in force', [
  'task.overtaken',
  'what it stands on changed meanwhile',
])

/**
 * Holds these bases in force to the end of the transaction: one that has ended fails the guard, and whoever wants to end
 * one now waits, and then sees the task that was opened on it.
 */
export function holdBasesStep(db: Reader, ids: readonly string[], now: number): Step {
  const query = db
    .updateTable('bases')
    .set((eb) => ({ ended_at: eb.ref('ended_at') }))
    .where('id', 'in', ids)
    .where(inForceAt(now))
  return { guard: BASES_GUARD, query, rows: ids.length }
}

function inForceAt(now: number) {
  return (eb: ExpressionBuilder<Schema, 'bases'>) =>
    eb.and([
      eb('ended_at', 'is', null),
      eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]),
    ])
}

function basisOf(row: Row): Basis {
  return {
    id: row.id as Id<'basis'>, // every id in this table was made by newId('basis')
    personId: row.person_id as Id<'person'>, // written from a person's id
    agentId: row.agent_id,
    kind: row.kind as BasisKind, // written by insertBasis
    details: JSON.parse(row.details) as Detail[], // written by insertBasis
    grantedBy: row.granted_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
  }
}

/** Bases of administrators: where they have said what an agent may do for a person, they mean it of children, too. */
export async function adminBases(
  parts: Pick<ConsentParts, 'clock' | 'storage'>,
  personId: string,
  agentId: string,
): Promise<Basis[]> {
  const now = parts.clock.now()
  const bases = await basesFor(parts.storage.read, { personId, agentId, now })
  return bases.filter(({ kind }) => kind === 'admin')
}
