import type { Detail } from '@remit/engine'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import type { Id } from '../../platform/lib/id.ts'
import { codec, Guard, type Reader, type Step, type Tx } from '../../platform/storage/index.ts'
import type { Authorization } from './authorization.ts'

const AUTHORIZATIONS = codec('authorizations').of<Authorization>({
  read: {
    deferrable: ({ may_defer }) => may_defer === 1,
    proves: ({ proves }) =>
      proves === null ? undefined : (JSON.parse(proves) as Authorization['proves']), // as: written below
    announcesKey: ({ announces_key }) => announces_key === 1 || undefined,
  },
  write: {
    proves: ({ proves }) => (proves ? JSON.stringify(proves) : null),
    may_defer: ({ deferrable }) => (deferrable ? 1 : 0),
    announces_key: ({ announcesKey }) => (announcesKey ? 1 : 0),
  },
})

export function insertAuthorizationStep(db: Reader, authorization: Authorization): Step {
  const query = db.insertInto('authorizations').values(AUTHORIZATIONS.write(authorization))
  return { name: 'authorization', query, rows: 1 }
}

export async function findAuthorization(
  db: Reader,
  id: string,
): Promise<Authorization | undefined> {
  const row = await db
    .selectFrom('authorizations')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row && AUTHORIZATIONS.read(row)
}

/** Request that opened a task. */
export async function authorizationOf(
  db: Reader,
  { agentId, id, personId }: { agentId: string; id: string; personId: string },
): Promise<Authorization | undefined> {
  const row = await db
    .selectFrom('authorizations')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where('person_id', '=', personId)
    .where('task_id', '=', id)
    .executeTakeFirst()
  return row && AUTHORIZATIONS.read(row)
}

/** Request in which this person last allowed this agent something at this resource, whether or not it is in force. */
export async function lastAllowed(
  db: Reader,
  of: { agentId: string; personId: string; resource: string },
): Promise<(Authorization & { readonly details: readonly Detail[] }) | undefined> {
  const row = await db
    .selectFrom('authorizations')
    .selectAll()
    .where('agent_id', '=', of.agentId)
    .where('person_id', '=', of.personId)
    .where('resource', '=', of.resource)
    .where('details', 'is not', null)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  const found = row && AUTHORIZATIONS.read(row)
  return found?.details ? { ...found, details: found.details } : undefined
}

const MAX_BEFORE = 10

/** The last other clients by which this person let the same agent in. */
export async function instancesBefore(
  db: Reader,
  { clientId }: Pick<Authorization, 'clientId'>,
  of: { readonly agentId: string; readonly personId: string },
): Promise<string[]> {
  const rows = await db
    .selectFrom('authorizations')
    .select('client_id')
    .where('agent_id', '=', of.agentId)
    .where('person_id', '=', of.personId)
    .orderBy('created_at', 'desc')
    .limit(MAX_BEFORE)
    .execute()
  return [...new Set(rows.map(({ client_id }) => client_id))].filter((id) => id !== clientId)
}

/** Instance of an agent: a client by which people let it in. */
export interface AgentInstance {
  readonly clientId: string
  readonly people: number
  /** Epoch milliseconds. */
  readonly lastLetInAt: number
}

/** Clients by which people let an agent in, of those that are remembered: the last one first, so many at most. */
export async function instancesOf(
  db: Reader,
  agentId: string,
  limit: number,
): Promise<readonly AgentInstance[]> {
  const rows = await db
    .selectFrom('authorizations')
    .select(({ fn }) => [
      'client_id as clientId',
      fn.count<number | string>('person_id').distinct().as('people'),
      fn.max('created_at').as('lastLetInAt'),
    ])
    .where('agent_id', '=', agentId)
    .groupBy('client_id')
    .orderBy('lastLetInAt', 'desc')
    .orderBy('client_id')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    ...row,
    people: Number(row.people),
    lastLetInAt: Number(row.lastLetInAt),
  }))
}

/** Agent that a client was when a person last let it in. */
export async function agentBefore(db: Reader, clientId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('authorizations')
    .select('agent_id')
    .where('client_id', '=', clientId)
    .where('agent_id', 'is not', null)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.agent_id ?? undefined
}

/** Tells whether a client redeemed a code with a proof before. */
export async function provedKeyBefore(db: Reader, clientId: string): Promise<boolean> {
  const row = await db
    .selectFrom('authorizations')
    .innerJoin('tasks', 'tasks.id', 'authorizations.task_id')
    .select('tasks.id')
    .where('authorizations.client_id', '=', clientId)
    .where('tasks.key_thumbprint', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Tells whether other clients than the one with its own id are instances of an agent. */
export async function hasInstances(db: Reader, agentId: string): Promise<boolean> {
  const row = await db
    .selectFrom('authorizations')
    .select('id')
    .where('agent_id', '=', agentId)
    .where('client_id', '!=', agentId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Consents that were given to one client, as one instance of its agent. */
export async function consentsOfClient(db: Reader, clientId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('authorizations')
    .select('basis_id')
    .distinct()
    .where('client_id', '=', clientId)
    .where('basis_id', 'is not', null)
    .execute()
  return rows.flatMap(({ basis_id }) => basis_id ?? [])
}

/** Tasks that came of one consent, so many at most. */
export function tasksOfConsent(db: Reader, basisId: string, count: number) {
  return db
    .selectFrom('authorizations')
    .innerJoin('tasks', 'tasks.id', 'authorizations.task_id')
    .select(['tasks.state', 'tasks.close_reason', 'tasks.budget'])
    .where('authorizations.basis_id', '=', basisId)
    .limit(count)
    .execute()
}

/** False when it was not pending any more. */
export async function answerPendingAuthorization(
  tx: Tx,
  after: Authorization & { readonly state: 'granted' | 'denied' },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('authorizations')
    .set(AUTHORIZATIONS.write(after))
    .where('id', '=', after.id)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Fails for an authorization that was used, or is not granted any more. */
export const AUTHORIZATION_GUARD = new Guard('granted authorization')

/** INVARIANT: single use of a code is this update and nothing else: it opens the one task that is named here. */
export function useAuthorizationStep(db: Reader, id: string, taskId: string): Step {
  const query = db
    .updateTable('authorizations')
    .set({ state: 'used', task_id: taskId })
    .where('id', '=', id)
    .where('state', '=', 'granted')
  return { guard: AUTHORIZATION_GUARD, query, rows: 1 }
}

/** Gives an authorization back, where no client was told of the task that its code opened. */
export function returnAuthorizationStep(db: Reader, id: string, taskId: string): Step {
  const query = db
    .updateTable('authorizations')
    .set({ state: 'granted', task_id: null })
    .where('id', '=', id)
    .where('state', '=', 'used')
    .where('task_id', '=', taskId)
  return { name: 'authorization given back', query, rows: 'any' }
}

/**
 * Id of the task that people were asked about, for the same question that was answered in the same
 * way and not redeemed.
 */
export async function authorizationWaitingLike(
  db: Reader,
  like: Authorization,
): Promise<Id<'task'> | undefined> {
  const row = await db
    .selectFrom('authorizations')
    .select('task_id')
    .where('agent_id', '=', like.agentId ?? '')
    .where('person_id', '=', like.personId)
    .where('resource', '=', like.resource)
    .where('details', '=', like.details && canonicalJson(like.details))
    .where('state', '=', 'granted')
    .where('task_id', 'is not', null)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return (row?.task_id ?? undefined) as Id<'task'> | undefined // written from a task's id
}

/** Says which task a granted request will be, before it is. False when it was said otherwise meanwhile, or it was used. */
export async function nameAuthorizedTask(
  tx: Tx,
  {
    before,
    id,
    taskId,
  }: { readonly id: string; readonly before: string | null; readonly taskId: string },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('authorizations')
    .set({ task_id: taskId })
    .where('id', '=', id)
    .where('state', '=', 'granted')
    .where((e) => (before === null ? e('task_id', 'is', null) : e('task_id', '=', before)))
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function forgetAuthorizations(tx: Tx, now: number): Promise<void> {
  await tx.deleteFrom('authorizations').where('expires_at', '<', now).execute()
}
