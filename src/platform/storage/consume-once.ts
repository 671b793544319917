import { sql } from 'kysely'
import { Guard } from './guard.ts'
import { keptQuery } from './kept-query.ts'
import type { Reader, Step, Storage, Tx } from './storage.ts'

/** Kind of DPoP proofs (RFC 9449): one for each call, so they have a place of their own. */
export const PROOF = 'dpop'
const UNUSED = new Guard('unused proof')
/** Proofs that are forgotten at once: the writer is busy with them for a millisecond or two. */
const FORGOTTEN_AT_ONCE = 500

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
  const name = kind === PROOF ? 'used proof' : 'used once'
  const query = keptQuery(reader, name, [kind, key, expiresAt], () =>
    insertUse(reader, kind, key, expiresAt),
  )
  return { guard, query, rows: 1 }
}

/**
 * Gives a use back, as a step of the transaction that undoes all it was used for. INVARIANT: never for a
 * proof, and only where no caller was told the result of the use.
 */
export function returnUseStep(reader: Reader, { key, kind }: { kind: string; key: string }): Step {
  const query = reader.deleteFrom('used_once').where('kind', '=', kind).where('key', '=', key)
  return { name: 'use given back', query, rows: 'any' }
}

/**
 * Checks whether it was used by now. For questions only: an act that uses something up never looks first.
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

/** Checks whether a proof was used by now. For questions only. */
export async function wasProofUsed(
  storage: Pick<Storage, 'commit' | 'engine' | 'read'>,
  key: string,
): Promise<boolean> {
  if (storage.engine === 'postgres') return wasUsed(storage.read, PROOF, key)
  // Only the connection that writes knows; what this changes stays as it is, and is rolled back.
  const query = storage.read
    .updateTable('proof_uses')
    .set({ kind: PROOF })
    .where('kind', '=', PROOF)
    .where('key', '=', key)
  return !(await storage.commit([{ guard: UNUSED, query, rows: 0 }])).committed
}

/** Forgets proofs that ended before `now`, where they have a place of their own; some at a time, in commits of others. */
async function forgetProofs(
  { commit, engine, read }: Pick<Storage, 'commit' | 'engine' | 'read'>,
  now: number,
): Promise<void> {
  if (engine !== 'sqlite') return
  const first = sql`SELECT rowid, expires_at FROM used_proofs ORDER BY rowid LIMIT ${FORGOTTEN_AT_ONCE}`
  const find = sql`SELECT 1 FROM (${first}) WHERE expires_at < ${now} LIMIT 1`
  const forget = sql`DELETE FROM used_proofs WHERE rowid IN (SELECT rowid FROM (${first}) WHERE expires_at < ${now})`
  const query = { compile: () => forget.compile(read) }
  while ((await find.execute(read)).rows.length > 0)
    await commit([{ name: 'used proofs', query, rows: 'any' }], { isBehind: true })
}

/**
 * Forgets uses that ended before `now`; an expired one is refused for its expiry. `proofs`: only proofs, where they have a place of
 * their own, which is cheap enough to be done all the time.
 */
export async function forgetUsed(
  storage: Storage,
  now: number,
  what: 'all' | 'proofs' = 'all',
): Promise<void> {
  await forgetProofs(storage, now)
  if (what === 'all')
    await storage.transaction((tx) =>
      tx.deleteFrom('used_once').where('expires_at', '<', now).execute(),
    )
}

function insertUse(db: Tx, kind: string, key: string, expiresAt: number) {
  return db
    .insertInto(kind === PROOF ? 'proof_uses' : 'used_once')
    .values({ kind, key, expires_at: expiresAt })
    .onConflict((conflict) => conflict.columns(['kind', 'key']).doNothing())
}
