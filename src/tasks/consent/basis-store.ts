import type { ExpressionBuilder } from 'kysely'
import {
  codec,
  Guard,
  type Reader,
  type Schema,
  type Step,
  type Tx,
} from '../../platform/storage/index.ts'
import type { Basis, BasisKind } from './basis.ts'
import type { ConsentParts } from './parts.ts'

const BASES = codec('bases').of<Basis>()

export async function insertBasis(tx: Tx, basis: Basis): Promise<void> {
  await tx.insertInto('bases').values(BASES.write(basis)).execute()
}

export async function findBasis(db: Reader, id: string): Promise<Basis | undefined> {
  const row = await db.selectFrom('bases').selectAll().where('id', '=', id).executeTakeFirst()
  return row && BASES.read(row)
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
  return rows.map(BASES.read)
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
  return rows.map(BASES.read)
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
  return rows.map(BASES.read)
}

/** False when it had ended before. */
export async function markBasisEnded(tx: Tx, id: string, at: number): Promise<boolean> {
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
 * Holds these bases in force to the end of the transaction: one that has ended fails the guard, and an act that ends
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
