import { codec, Guard, type Reader, type Step, type Storage } from '../../platform/storage/index.ts'
import type { BearerToken, RefreshToken } from './bearer-token.ts'

const REFRESH_TOKENS = codec('refresh_tokens').of<RefreshToken>()

const BEARER_TOKENS = codec('bearer_tokens').of<BearerToken>()

export function insertBearerStep(db: Reader, token: BearerToken): Step {
  const query = db.insertInto('bearer_tokens').values(BEARER_TOKENS.write(token))
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
  return row && BEARER_TOKENS.read(row)
}

export function insertRefreshStep(db: Reader, token: RefreshToken): Step {
  const query = db.insertInto('refresh_tokens').values(REFRESH_TOKENS.write(token))
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
  return row && REFRESH_TOKENS.read(row)
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

/** Holds an unused refresh token: it can be given once more to the client that got it before. */
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
