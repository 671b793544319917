import type { Guard } from './guard.ts'
import { keptQuery } from './kept-query.ts'
import type { Reader, Step, Storage, Tx } from './storage.ts'

/**
 * Uses something that may be used once (a proof, an assertion, a link). True for exactly one
 * caller, whatever races. The use lasts as long as `tx` commits; `expiresAt` (epoch milliseconds)
 * is when forgetting it is safe.
 * INVARIANT: single use is this insert and nothing else. Never look first.
 */
export async function consumeOnce(
  tx: Tx,
  kind: string,
  key: string,
  expiresAt: number,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await insertUse(
    tx,
    kind,
    key,
    expiresAt,
  ).executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Makes the single use a step of a `commit`; its guard fails when it was used before. */
export function consumeOnceStep(
  reader: Reader,
  guard: Guard,
  { expiresAt, key, kind }: { kind: string; key: string; expiresAt: number },
): Step {
  const query = keptQuery(reader, 'used once', [kind, key, expiresAt], () =>
    insertUse(reader, kind, key, expiresAt),
  )
  return { guard, query, rows: 1 }
}

/**
 * Checks whether it was used by now. For questions only: whoever uses something never looks first.
 */
export async function wasUsed(reader: Reader, kind: string, key: string): Promise<boolean> {
  const row = await reader
    .selectFrom('used_once')
    .select('key')
    .where('kind', '=', kind)
    .where('key', '=', key)
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Forgets uses that ended before `now`; an expired one is refused for its expiry. Returns how many.
 */
export async function forgetUsed(storage: Storage, now: number): Promise<number> {
  return storage.transaction(async (tx) => {
    const { numDeletedRows } = await tx
      .deleteFrom('used_once')
      .where('expires_at', '<', now)
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  })
}

function insertUse(db: Tx, kind: string, key: string, expiresAt: number) {
  return db
    .insertInto('used_once')
    .values({ kind, key, expires_at: expiresAt })
    .onConflict((conflict) => conflict.columns(['kind', 'key']).doNothing())
}
