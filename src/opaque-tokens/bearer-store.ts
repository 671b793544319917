import type { Detail } from '@remit/engine'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { Id } from '../lib/id.ts'
import { Guard, type Reader, type Step, type Storage } from '../storage/index.ts'
import type { BearerToken, RefreshToken } from './bearer-token.ts'

export function insertBearerStep(db: Reader, token: BearerToken): Step {
  const query = db.insertInto('bearer_tokens').values({
    digest: token.digest,
    id: token.id,
    task_id: token.taskId,
    resource: token.resource,
    epochs: token.epochs,
    details: canonicalJson(token.details),
    thumbprint: token.thumbprint,
    scope: token.scope,
    issued_at: token.issuedAt,
    expires_at: token.expiresAt,
  })
  return { name: 'bearer token', query, rows: 1 }
}

export async function findBearerToken(
  db: Reader,
  digest: string,
): Promise<BearerToken | undefined> {
  const row = await db
    .selectFrom('bearer_tokens')
    .selectAll()
    .where('digest', '=', digest)
    .executeTakeFirst()
  return (
    row && {
      digest: row.digest,
      id: row.id,
      taskId: row.task_id as Id<'task'>, // written from a task's id
      resource: row.resource,
      epochs: row.epochs,
      details: JSON.parse(row.details) as Detail[], // written by insertBearerStep
      thumbprint: row.thumbprint,
      scope: row.scope,
      issuedAt: row.issued_at,
      expiresAt: row.expires_at,
    }
  )
}

export function insertRefreshStep(db: Reader, token: RefreshToken): Step {
  const query = db.insertInto('refresh_tokens').values({
    digest: token.digest,
    task_id: token.taskId,
    client_id: token.clientId,
    resource: token.resource,
    scope: token.scope,
    issued_at: token.issuedAt,
    expires_at: token.expiresAt,
    used_at: token.usedAt,
    bound_to: token.boundTo,
    successor: token.successor,
  })
  return { name: 'refresh token', query, rows: 1 }
}

export async function findRefreshToken(
  db: Reader,
  digest: string,
): Promise<RefreshToken | undefined> {
  const row = await db
    .selectFrom('refresh_tokens')
    .selectAll()
    .where('digest', '=', digest)
    .executeTakeFirst()
  return (
    row && {
      digest: row.digest,
      taskId: row.task_id as Id<'task'>, // written from a task's id
      clientId: row.client_id,
      resource: row.resource,
      scope: row.scope,
      issuedAt: row.issued_at,
      expiresAt: row.expires_at,
      usedAt: row.used_at,
      boundTo: row.bound_to as RefreshToken['boundTo'], // a CHECK of the table
      successor: row.successor,
    }
  )
}

/** Fails for all but one of any number of simultaneous users. */
export const REFRESH_GUARD = new Guard('unused refresh token')

/** INVARIANT: single use of a refresh token is this update and nothing else. */
export function useRefreshStep(
  db: Reader,
  { digest, now, successor }: { digest: string; now: number; successor: Uint8Array },
): Step {
  const query = db
    .updateTable('refresh_tokens')
    .set({ used_at: now, successor })
    .where('digest', '=', digest)
    .where('used_at', 'is', null)
  return { guard: REFRESH_GUARD, query, rows: 1 }
}

/** Holds a refresh token that nobody has used: it can be told once more to whoever got it before. */
export function unusedRefreshStep(db: Reader, digest: string): Step {
  const query = db
    .updateTable('refresh_tokens')
    .set((e) => ({ used_at: e.ref('used_at') }))
    .where('digest', '=', digest)
    .where('used_at', 'is', null)
  return { guard: REFRESH_GUARD, query, rows: 1 }
}

/** Uses a refresh token that stays the same; `ends`: for the last time. */
export function touchRefreshStep(
  db: Reader,
  { digest, ends, now }: { digest: string; ends: boolean; now: number },
): Step {
  const query = db
    .updateTable('refresh_tokens')
    .set({ used_at: now, ...(ends ? { expires_at: now } : {}) })
    .where('digest', '=', digest)
    .where('expires_at', '>', now)
  return { guard: REFRESH_GUARD, query, rows: 1 }
}

/** Removes those that expired. A used refresh token is kept as long as its task may last, so that its reuse is seen. */
export function forgetOpaqueTokens(storage: Storage, now: number): Promise<void> {
  return storage.transaction(async (tx) => {
    await tx.deleteFrom('bearer_tokens').where('expires_at', '<', now).execute()
    await tx.deleteFrom('refresh_tokens').where('expires_at', '<', now).execute()
  })
}
