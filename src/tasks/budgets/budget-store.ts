import { sql } from 'kysely'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import type { Reader, Step, Tx } from '../../platform/storage/index.ts'
import { mostOf } from './amount.ts'
import type { AnswerPart, MissingAmountReason } from './answered-amount.ts'
import type { BudgetedTask, Limit } from './limit.ts'
import { windowOf } from './limit-name.ts'

/** One limit that is counted: of a task, or a standing one. */
export interface CountKey {
  /** The task's id, or the standing limit's. */
  readonly owner: string
  readonly name: string
}

/**
 * State of a limit, in its whole units. Amounts are int64 and go in and out as big integers:
 * neither engine hands out a BIGINT above 2^53 as a number.
 */
export interface CountState extends CountKey {
  /** Amount that the row counts; it may count what has left the window by now. */
  readonly counted: bigint
  /** Part of `counted` that has left the window. */
  readonly left: bigint
  readonly windowMs: number | null
  /** Time, epoch milliseconds: amounts taken until then are no longer counted. */
  readonly sweptTo: number
}

/** Amount that one call takes of one limit. */
export interface Reservation extends CountKey {
  readonly amount: bigint
  /** Maximum of the limit. */
  readonly most: bigint
  /** There is something to forget first: all that was taken until then has left the window. */
  readonly sweepTo?: number
  /** Part of the answer that says how much it was. */
  readonly settles?: AnswerPart
}

export function insertCountsQuery(
  db: Reader,
  owner: string,
  limits: readonly Limit[],
): Step['query'] {
  const rows = limits.map((limit) => ({
    owner,
    name: limit.name,
    used: 0n,
    window_ms: windowOf(limit),
    swept_to: 0,
  }))
  return db.insertInto('limit_counts').values(rows)
}

/** Reads how these stand at a time. */
export async function countsOf(
  db: Reader,
  owners: readonly string[],
  at: number,
): Promise<CountState[]> {
  if (owners.length === 0) return []
  const rows = await db
    .selectFrom('limit_counts')
    .select(['owner', 'name', 'window_ms', 'swept_to'])
    .select([
      sql<string>`CAST(used AS TEXT)`.as('used_text'),
      sql<string>`CASE WHEN window_ms IS NULL THEN '0' ELSE CAST((
        SELECT COALESCE(SUM(u.amount), 0) FROM limit_uses u
        WHERE u.owner = limit_counts.owner AND u.name = limit_counts.name
          AND u.at > limit_counts.swept_to AND u.at <= ${at} - limit_counts.window_ms
      ) AS TEXT) END`.as('left_text'),
    ])
    .where('owner', 'in', owners)
    .execute()
  return rows.map((row) => ({
    owner: row.owner,
    name: row.name,
    counted: BigInt(row.used_text),
    left: BigInt(row.left_text),
    windowMs: row.window_ms,
    sweptTo: row.swept_to,
  }))
}

const MAX_LOOKED_AT = 1000

/**
 * From when on so much of a window is free again, if nothing else is taken: when its oldest uses have left it. After very many
 * uses only the first are looked at; then it is not before that.
 */
export async function freeFrom(
  db: Reader,
  { name, owner, sweptTo, windowMs }: CountState & { readonly windowMs: number },
  wanted: { readonly at: number; readonly amount: bigint },
): Promise<number | undefined> {
  const rows = await db
    .selectFrom('limit_uses')
    .select(['at', sql<string>`CAST(amount AS TEXT)`.as('amount_text')])
    .where('owner', '=', owner)
    .where('name', '=', name)
    .where('at', '>', Math.max(sweptTo, wanted.at - windowMs))
    .orderBy('at')
    .limit(MAX_LOOKED_AT)
    .execute()
  let freed = 0n
  let last: number | null = null
  for (const row of rows) {
    freed += BigInt(row.amount_text)
    last = row.at
    if (freed >= wanted.amount) break
  }
  return last === null ? undefined : last + windowMs
}

/** Holds the row: nothing is taken or given back until the transaction ends. */
export function holdQuery(db: Reader, { name, owner }: CountKey): Step['query'] {
  return db
    .updateTable('limit_counts')
    .set({ used: sql<bigint>`used` })
    .where('owner', '=', owner)
    .where('name', '=', name)
}

/**
 * Forgets what has left the window, each use once.
 * INVARIANT: the row is held by an earlier statement of the same transaction. Otherwise PostgreSQL would add up uses as they
 * were before another transaction, for whose end it waited, forgot some of them.
 */
export function sweepQuery(db: Reader, { name, owner }: CountKey, to: number): Step['query'] {
  return db
    .updateTable('limit_counts')
    .set({
      used: sql<bigint>`used - CAST((
        SELECT COALESCE(SUM(u.amount), 0) FROM limit_uses u
        WHERE u.owner = ${owner} AND u.name = ${name} AND u.at > limit_counts.swept_to AND u.at <= ${to}
      ) AS BIGINT)`,
      swept_to: to,
    })
    .where('owner', '=', owner)
    .where('name', '=', name)
    .where('swept_to', '<', to)
}

/**
 * Takes an amount, while it is there.
 * INVARIANT: this conditional update is the only thing that counts up, so no race takes more than there is.
 */
export function takeQuery(db: Reader, { owner, name, amount, most }: Reservation): Step['query'] {
  return db
    .updateTable('limit_counts')
    .set({ used: sql<bigint>`used + ${amount}` })
    .where('owner', '=', owner)
    .where('name', '=', name)
    .where(sql<boolean>`used <= ${most - amount}`)
}

/**
 * Remembers what a decision took, so that exactly that can be given back, and leaves its window when it is over.
 * INVARIANT: a counted use is remembered as later than the forgotten ones, whatever this replica's clock says. Otherwise
 * it would stay counted for ever.
 */
export function insertUseQuery(
  db: Reader,
  decisionId: string,
  { amount, name, owner, settles }: Reservation,
  at: number,
): Step['query'] {
  const part = settles ? canonicalJson({ ...settles }) : null
  return db
    .insertInto('limit_uses')
    .columns(['decision_id', 'owner', 'name', 'amount', 'at', 'settles'])
    .expression((eb) =>
      eb
        .selectFrom('limit_counts')
        .select([
          sql<string>`CAST(${decisionId} AS TEXT)`.as('decision_id'),
          'owner',
          'name',
          sql<bigint>`CAST(${amount} AS BIGINT)`.as('amount'),
          sql<number | null>`CASE WHEN window_ms IS NULL THEN NULL
            WHEN swept_to >= ${at} THEN swept_to + 1 ELSE CAST(${at} AS BIGINT) END`.as('at'),
          sql<string | null>`CAST(${part} AS TEXT)`.as('settles'),
        ])
        .where('owner', '=', owner)
        .where('name', '=', name),
    )
}

/** Amount that one decision took, as it is stored. */
export interface Use extends CountKey {
  readonly amount: bigint
  readonly at: number | null
  /** Part of the answer that says how much it was. */
  readonly settles: AnswerPart | undefined
  /**
   * Amount that was taken before the answer was known, and what settled it; `undefined` while the
   * answer is not known.
   */
  readonly settled:
    | { readonly reserved: bigint; readonly by: MissingAmountReason | 'answer' }
    | undefined
}

export async function usesOf(db: Reader, decisionId: string): Promise<Use[]> {
  const rows = await db
    .selectFrom('limit_uses')
    .select(['owner', 'name', 'at', 'settles', 'settled_by'])
    .select([
      sql<string>`CAST(amount AS TEXT)`.as('amount_text'),
      sql<string>`CAST(reserved AS TEXT)`.as('reserved_text'),
    ])
    .where('decision_id', '=', decisionId)
    .execute()
  return rows.map(({ amount_text, at, name, owner, reserved_text, settled_by, settles }) => ({
    owner,
    name,
    at,
    amount: BigInt(amount_text),
    settles: settles === null ? undefined : (JSON.parse(settles) as AnswerPart), // written by insertUseQuery
    settled:
      settled_by === null
        ? undefined
        : { reserved: BigInt(reserved_text), by: settled_by as MissingAmountReason | 'answer' }, // written by settleUseQuery
  }))
}

/**
 * Replaces the reserved amount by the one that the call turned out to take, once. Touches nothing
 * where the use has left its window, or the standing limit is gone.
 * INVARIANT: before `settleUseQuery` in the same transaction. It holds the row, so no other transaction forgets
 * the use with an amount that the row does not count.
 */
export function settleCountQuery(
  db: Reader,
  { at, amount, name, owner }: Use,
  settled: bigint,
): Step['query'] {
  const query = db
    .updateTable('limit_counts')
    .set({ used: sql<bigint>`used + ${settled - amount}` })
    .where('owner', '=', owner)
    .where('name', '=', name)
  return at === null ? query : query.where('swept_to', '<', at)
}

/** Records how the reserved amount ended: the answer settled it, or it stays taken. */
export function settleUseQuery(
  db: Reader,
  decisionId: string,
  { amount, name, owner }: Use,
  settled: { readonly amount: bigint; readonly by: MissingAmountReason | 'answer' },
): Step['query'] {
  return db
    .updateTable('limit_uses')
    .set({ amount: settled.amount, reserved: amount, settled_by: settled.by })
    .where('decision_id', '=', decisionId)
    .where('owner', '=', owner)
    .where('name', '=', name)
}

export function deleteUseQuery(
  db: Reader,
  decisionId: string,
  { owner, name }: CountKey,
): Step['query'] {
  return db
    .deleteFrom('limit_uses')
    .where('decision_id', '=', decisionId)
    .where('owner', '=', owner)
    .where('name', '=', name)
}

/** Touches nothing where it has left its window already: there it counts no more. */
export function giveBackQuery(db: Reader, { owner, name, amount, at }: Use): Step['query'] {
  const query = db
    .updateTable('limit_counts')
    .set({ used: sql<bigint>`used - ${amount}` })
    .where('owner', '=', owner)
    .where('name', '=', name)
  return at === null ? query : query.where('swept_to', '<', at)
}

/** Tells whether all of the task's own calls are used up. Holds the row: nothing is taken or given back until the transaction ends. */
export async function holdSpentCalls(tx: Tx, { budget, id }: BudgetedTask): Promise<boolean> {
  const calls = budget.find(({ name }) => name === 'calls')
  if (!calls) return false
  const { numUpdatedRows } = await tx
    .updateTable('limit_counts')
    .set({ used: sql<bigint>`used` })
    .where('owner', '=', id)
    .where('name', '=', 'calls')
    .where(sql<boolean>`used >= ${mostOf(calls)}`)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** All of one owner. */
export function deleteCountsQuery(db: Reader, owner: string): Step['query'] {
  return db.deleteFrom('limit_counts').where('owner', '=', owner)
}
