import type { Detail, StepUp } from '@remit/engine'
import { codec, type Reader, type Storage, type Tx } from '../../platform/storage/index.ts'
import type { ConsentRequest } from './consent.ts'

const CONSENTS = codec('consent_requests').of<ConsentRequest>({
  read: {
    asked: ({ asked_by: by, asked_from: from, message, step_up: stepUp }) =>
      by && { by, message, from, stepUp: stepUp === null ? null : (JSON.parse(stepUp) as StepUp) }, // as: written below
  },
  write: {
    asked_by: ({ asked }) => asked?.by ?? null,
    message: ({ asked }) => asked?.message ?? null,
    asked_from: ({ asked }) => asked?.from ?? null,
    step_up: ({ asked }) => (asked?.stepUp ? JSON.stringify(asked.stepUp) : null),
  },
})

export async function insertConsent(tx: Tx, request: ConsentRequest): Promise<void> {
  await tx.insertInto('consent_requests').values(CONSENTS.write(request)).execute()
}

export async function readConsent(db: Reader, id: string): Promise<ConsentRequest | undefined> {
  const row = await db
    .selectFrom('consent_requests')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row && CONSENTS.read(row)
}

/**
 * Lists this agent's questions to this person that have no answer, or have one only lately; newest
 * first.
 */
export async function consentsBetween(
  db: Reader,
  of: { agentId: string; personId: string; since: number },
): Promise<ConsentRequest[]> {
  const rows = await db
    .selectFrom('consent_requests')
    .selectAll()
    .where('agent_id', '=', of.agentId)
    .where('person_id', '=', of.personId)
    .where('state', 'in', ['pending', 'denied'])
    .where('expires_at', '>', of.since)
    .orderBy('created_at', 'desc')
    .execute()
  return rows.map(CONSENTS.read)
}

/** Questions between them that ended in that time without an answer. */
export async function unansweredBetween(
  db: Reader,
  of: { agentId: string; personId: string; since: number; until: number },
): Promise<ConsentRequest[]> {
  const rows = await db
    .selectFrom('consent_requests')
    .selectAll()
    .where('agent_id', '=', of.agentId)
    .where('person_id', '=', of.personId)
    .where('state', 'in', ['pending', 'expired'])
    .where('expires_at', '>', of.since)
    .where('expires_at', '<=', of.until)
    .execute()
  return rows.map(CONSENTS.read)
}

export async function pendingConsents(
  db: Reader,
  personId: string,
  now: number,
): Promise<ConsentRequest[]> {
  const rows = await db
    .selectFrom('consent_requests')
    .selectAll()
    .where('person_id', '=', personId)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .execute()
  return rows.map(CONSENTS.read)
}

/**
 * False when it was answered before. A denial stays in force until `expiresAt`, which is when the question may be put
 * again.
 */
export async function answerPending(
  tx: Tx,
  id: string,
  answer: Pick<ConsentRequest, 'acr' | 'authTime' | 'basisId' | 'expiresAt'> & {
    state: 'granted' | 'denied'
  },
): Promise<boolean> {
  const { acr, authTime, basisId, expiresAt, state } = answer
  const { numUpdatedRows } = await tx
    .updateTable('consent_requests')
    .set(CONSENTS.change({ acr, authTime, basisId, expiresAt, state }))
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/**
 * Counts the questions that agents put to this person by themselves since then and that the person did not answer with
 * a yes, by agent.
 */
export async function countAskedInVain(
  tx: Tx,
  personId: string,
  since: number,
): Promise<ReadonlyMap<string, number>> {
  const rows = await tx
    .selectFrom('consent_requests')
    .select(({ fn }) => ['agent_id', fn.countAll<number | string>().as('count')])
    .where('person_id', '=', personId)
    .where('asked_by', 'is not', null)
    .where('created_at', '>', since)
    .where('state', '!=', 'granted')
    .groupBy('agent_id')
    .execute()
  return new Map(rows.map(({ agent_id: agent, count }) => [agent, Number(count)]))
}

/** Reads of several questions whose they are, and when they end. */
export async function timedConsents(
  db: Reader,
  ids: readonly string[],
): Promise<{ readonly id: string; readonly agentId: string; readonly expiresAt: number }[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('consent_requests')
    .select(['id', 'agent_id', 'expires_at'])
    .where('id', 'in', ids)
    .execute()
  return rows.map(({ agent_id, expires_at, id }) => ({
    ...{ id, agentId: agent_id, expiresAt: Number(expires_at) },
  }))
}

/**
 * Withdraws a question whose answer no client waits for any more. False when it was answered before.
 */
export async function withdrawConsent(tx: Tx, id: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('consent_requests')
    .set({ state: 'expired', expires_at: now })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** All that people were asked about in the questions whose answers are these bases. */
export async function questionsBehind(
  db: Reader,
  of: {
    readonly agentId: string
    readonly personId: string
    readonly basisIds: readonly string[]
  },
): Promise<readonly Detail[]> {
  if (of.basisIds.length === 0) return []
  const rows = await db
    .selectFrom('consent_requests')
    .select('details')
    .where('agent_id', '=', of.agentId)
    .where('person_id', '=', of.personId)
    .where('state', '=', 'granted')
    .where('basis_id', 'in', of.basisIds)
    .execute()
  return rows.flatMap(({ details }) => JSON.parse(details) as Detail[]) // written by insertConsent
}

/** Closes the books on unanswered questions. Most of the time there are none, and nothing is written. */
export async function expireConsents(storage: Storage, now: number): Promise<void> {
  const due = await storage.read
    .selectFrom('consent_requests')
    .select('id')
    .where('state', '=', 'pending')
    .where('expires_at', '<=', now)
    .limit(1)
    .executeTakeFirst()
  if (!due) return
  await storage.transaction((tx) =>
    tx
      .updateTable('consent_requests')
      .set({ state: 'expired' })
      .where('state', '=', 'pending')
      .where('expires_at', '<=', now)
      .execute(),
  )
}
