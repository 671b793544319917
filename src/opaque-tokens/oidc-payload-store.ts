import type { Reader, Step, Tx } from '../storage/index.ts'

export type ArtefactKey = { id: string } | { uid: string } | { userCode: string }

export interface ArtefactRow {
  payload: string
  consumedAt: number | null
}

export function putArtefactStep(
  db: Reader,
  row: {
    model: string
    id: string
    payload: string
    grantId: string | null
    userCode: string | null
    uid: string | null
    expiresAt: number | null
  },
): Step {
  const values = {
    payload: row.payload,
    grant_id: row.grantId,
    user_code: row.userCode,
    uid: row.uid,
    expires_at: row.expiresAt,
  }
  const query = db
    .insertInto('oidc_payloads')
    .values({ model: row.model, id: row.id, consumed_at: null, ...values })
    .onConflict((conflict) => conflict.columns(['model', 'id']).doUpdateSet(values))
  return { name: 'artefact', query, rows: 1 }
}

export async function findArtefact(
  reader: Reader,
  model: string,
  key: ArtefactKey,
  now: number,
): Promise<ArtefactRow | undefined> {
  const rows = reader
    .selectFrom('oidc_payloads')
    .select(['payload', 'consumed_at as consumedAt'])
    .where('model', '=', model)
    .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
  if ('id' in key) return rows.where('id', '=', key.id).executeTakeFirst()
  if ('uid' in key) return rows.where('uid', '=', key.uid).executeTakeFirst()
  return rows.where('user_code', '=', key.userCode).executeTakeFirst()
}

/** Commits for exactly one caller. */
export function consumeArtefactStep(db: Reader, model: string, id: string, now: number): Step {
  const query = db
    .updateTable('oidc_payloads')
    .set({ consumed_at: now })
    .where('model', '=', model)
    .where('id', '=', id)
    .where('consumed_at', 'is', null)
  return { name: 'unused artefact', query, rows: 1 }
}

/** Name of the guard that fails for a code that was used, or is gone. */
export const CODE_STEP = 'unused code'

/** An authorization code is used up as a part of what it is used for, and known as long as that lasts. */
export function consumeCodeStep(
  db: Reader,
  id: string,
  times: { readonly now: number; readonly knownUntil: number },
): Step {
  const query = db
    .updateTable('oidc_payloads')
    .set({ consumed_at: times.now, expires_at: times.knownUntil })
    .where('model', '=', 'AuthorizationCode')
    .where('id', '=', id)
    .where('consumed_at', 'is', null)
  return { name: CODE_STEP, query, rows: 1 }
}

/**
 * Replaces the payload; the record expires when it would have before. False when it is not there.
 */
export async function replacePayload(
  tx: Tx,
  { id, model, now, payload }: { model: string; id: string; payload: string; now: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('oidc_payloads')
    .set({ payload })
    .where('model', '=', model)
    .where('id', '=', id)
    .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function destroyArtefact(tx: Tx, model: string, id: string): Promise<void> {
  await tx.deleteFrom('oidc_payloads').where('model', '=', model).where('id', '=', id).execute()
}

export async function destroyGrant(tx: Tx, grantId: string): Promise<void> {
  await tx.deleteFrom('oidc_payloads').where('grant_id', '=', grantId).execute()
}

export async function forgetArtefacts(tx: Tx, now: number): Promise<void> {
  await tx.deleteFrom('oidc_payloads').where('expires_at', '<', now).execute()
}

export async function countExpiring(reader: Reader, model: string, now: number): Promise<number> {
  const { count } = await reader
    .selectFrom('oidc_payloads')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('model', '=', model)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** A client that became an agent stays registered for good. False: it is not registered, or not any more. */
export async function keepRegistration(tx: Tx, clientId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('oidc_payloads')
    .set({ expires_at: null })
    .where('model', 'in', ['Client', 'Registration'])
    .where('id', '=', clientId)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** Forgets a registration, with whoever manages it. */
export async function forgetRegistration(tx: Tx, clientId: string): Promise<void> {
  for (const model of ['Client', 'Registration']) await destroyArtefact(tx, model, clientId)
}

/** Forgets those of a kind that would have expired before a time anyway. */
export async function forgetExpiring(tx: Tx, model: string, before: number): Promise<void> {
  await tx
    .deleteFrom('oidc_payloads')
    .where('model', '=', model)
    .where('expires_at', '<', before)
    .execute()
}
