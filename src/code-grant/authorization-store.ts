import type { Detail, StepUp } from '@remit/engine'
import type { Selectable } from 'kysely'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { Id } from '../lib/id.ts'
import { Guard, type Reader, type Schema, type Step, type Tx } from '../storage/index.ts'
import type { Authorization, AuthorizationState } from './authorization.ts'

type Row = Selectable<Schema['authorizations']>

export function insertAuthorizationStep(db: Reader, authorization: Authorization): Step {
  const query = db.insertInto('authorizations').values(rowOf(authorization))
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
  return row && authorizationOf(row)
}

/** What this person last allowed this client at this resource, whether or not it is in force. */
export async function lastAllowed(
  db: Reader,
  of: { clientId: string; personId: string; resource: string },
): Promise<readonly Detail[] | undefined> {
  const row = await db
    .selectFrom('authorizations')
    .select('details')
    .where('client_id', '=', of.clientId)
    .where('person_id', '=', of.personId)
    .where('resource', '=', of.resource)
    .where('details', 'is not', null)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.details ? (JSON.parse(row.details) as Detail[]) : undefined // written by rowOf
}

/** False when it was not pending any more. */
export async function answerPendingAuthorization(
  tx: Tx,
  after: Authorization & { readonly state: 'granted' | 'denied' },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('authorizations')
    .set(rowOf(after))
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

/** Of the same question, answered in the same way and not redeemed: the task that people were asked about. */
export async function authorizationWaitingLike(
  db: Reader,
  like: Authorization,
): Promise<Id<'task'> | undefined> {
  const row = await db
    .selectFrom('authorizations')
    .select('task_id')
    .where('client_id', '=', like.clientId)
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

function rowOf(authorization: Authorization): Row {
  return {
    id: authorization.id,
    client_id: authorization.clientId,
    client_name: authorization.clientName,
    redirect_uri: authorization.redirectUri,
    redirect_uris: canonicalJson(authorization.redirectUris),
    resource: authorization.resource,
    scope: authorization.scope,
    browser: authorization.browser,
    state: authorization.state,
    person_id: authorization.personId,
    details: authorization.details && canonicalJson(authorization.details),
    basis_id: authorization.basisId,
    task_id: authorization.taskId,
    created_at: authorization.createdAt,
    expires_at: authorization.expiresAt,
    auth_time: authorization.authTime,
    acr: authorization.acr,
    step_up: authorization.stepUp && canonicalJson(authorization.stepUp),
    asked_details: authorization.askedDetails,
    may_defer: authorization.deferrable ? 1 : 0,
    proves: authorization.proves ? JSON.stringify(authorization.proves) : null,
    software_id: authorization.softwareId ?? null,
    announces_key: authorization.announcesKey ? 1 : 0,
  }
}

function authorizationOf(row: Row): Authorization {
  return {
    id: row.id,
    clientId: row.client_id,
    clientName: row.client_name,
    redirectUri: row.redirect_uri,
    redirectUris: JSON.parse(row.redirect_uris) as string[], // written by rowOf
    resource: row.resource,
    scope: row.scope,
    browser: row.browser,
    state: row.state as AuthorizationState, // a CHECK of the table
    personId: row.person_id as Id<'person'> | null, // written from a person's id
    authTime: row.auth_time,
    acr: row.acr,
    stepUp: row.step_up === null ? null : (JSON.parse(row.step_up) as StepUp), // written by rowOf
    askedDetails: row.asked_details,
    deferrable: row.may_defer === 1,
    details: row.details === null ? null : (JSON.parse(row.details) as Detail[]), // written by rowOf
    basisId: row.basis_id as Id<'basis'> | null, // written from a basis's id
    taskId: row.task_id as Id<'task'> | null, // written from a task's id
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.proves === null ? {} : { proves: JSON.parse(row.proves) as Authorization['proves'] }), // written by rowOf
    ...(row.software_id === null ? {} : { softwareId: row.software_id }),
    ...(row.announces_key === 1 ? { announcesKey: true } : {}),
  }
}
