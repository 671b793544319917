import { type RawBuilder, sql } from 'kysely'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Reader, Step, Storage, Tx } from '../../platform/storage/index.ts'

/** Lists, and where the key of a decision in each comes from. */
const LISTS = { task: 'task_id', person: 'person_id', agent: 'agent_id', all: "''" } as const
/** Decisions that are taken in at once: the writer is busy with them for some milliseconds. */
const AT_ONCE = 512
/** Decisions that are taken in at once where no caller waits. */
const LOADED_AT_ONCE = 100_000
/** Time for which few decisions may stand beside the lists, in ms. Who reads a list looks through all of them. */
const MAX_BESIDE_MS = 5_000

const END = sql<number>`coalesce((SELECT row FROM decision_lists_end WHERE id = 1), 0)`

interface DecisionListsParts {
  readonly storage: Pick<Storage, 'commit' | 'engine' | 'read'>
  readonly clock: Pick<Clock, 'monotonic'>
  readonly atOnce?: number
}

/**
 * Lists of decisions by task, person and agent, and of all, which SQLite keeps in a table of its own and fills behind the calls: a call does not
 * wait for the pages of four lists, and a page of a list is written once for many calls. PostgreSQL has indexes, and needs none of it.
 * INVARIANT: the views (`task_decisions` and its like) read the lists and all rows beside them, so a late entry is missing nowhere.
 */
export class DecisionLists {
  readonly #parts: DecisionListsParts
  #filledAt: number

  constructor(parts: DecisionListsParts) {
    this.#parts = parts
    this.#filledAt = parts.clock.monotonic()
  }

  /** Takes in what has come, if it is much or has waited for long. */
  async fill(): Promise<void> {
    const { atOnce = AT_ONCE, clock, storage } = this.#parts
    if (storage.engine !== 'sqlite') return
    const now = clock.monotonic()
    const isLate = now - this.#filledAt >= MAX_BESIDE_MS
    for (;;) {
      const { beside, fits } = await readEnd(storage.read)
      const isFew = beside < atOnce
      if (!fits) await storage.commit(emptySteps(storage.read))
      else if (beside === 0 || (isFew && !isLate)) return
      await storage.commit(fillSteps(storage.read, atOnce), { isBehind: true })
      this.#filledAt = now
      // Decisions that came meanwhile wait. Otherwise this loop fills lists after every few calls, and does not end while calls come.
      if (fits && isFew) return
    }
  }
}

/** Fills the lists of a database that was loaded, some at a time: they are sorted in memory. */
export async function listAllDecisions(
  tx: Tx,
  engine: Storage['engine'],
  atOnce = LOADED_AT_ONCE,
): Promise<void> {
  if (engine !== 'sqlite') return
  while ((await readEnd(tx)).beside > 0)
    for (const { query } of fillSteps(tx, atOnce)) await tx.executeQuery(query.compile())
}

/** `beside`: number of rows after the end, nearly. `fits`: false where rows were renumbered. */
async function readEnd(db: Reader): Promise<{ beside: number; fits: boolean }> {
  const { rows } = await sql<{ beside: number; fits: 0 | 1 }>`
    SELECT coalesce((SELECT max(rowid) FROM decisions), 0) - ${END} AS beside,
      (SELECT id FROM decisions WHERE rowid = ${END})
        IS (SELECT decision_id FROM decision_lists_end WHERE id = 1) AS fits`.execute(db)
  const [{ beside, fits } = { beside: 0, fits: 1 }] = rows
  return { beside, fits: fits === 1 }
}

/** Steps that take in the next decisions, at most so many. */
function fillSteps(db: Reader, atOnce: number): readonly Step[] {
  const next = sql`SELECT rowid, * FROM decisions WHERE rowid > ${END} ORDER BY rowid LIMIT ${atOnce}`
  return [
    ...Object.entries(LISTS).map(([kind, from]) => {
      const key = sql.raw(from)
      return step(
        db,
        `decisions by ${kind}`,
        sql`INSERT INTO decision_lists (kind, key, at, row)
          SELECT ${kind}, ${key}, at, rowid FROM (${next}) AS next WHERE ${key} IS NOT NULL ORDER BY 2, 3
          -- One that was deleted, and whose number and all else is that of another now.
          ON CONFLICT DO NOTHING`,
      )
    }),
    step(
      db,
      'end of the lists of decisions',
      sql`INSERT INTO decision_lists_end (id, row, decision_id)
        SELECT 1, rowid, id FROM (${next}) AS next WHERE true ORDER BY rowid DESC LIMIT 1
        ON CONFLICT (id) DO UPDATE SET row = excluded.row, decision_id = excluded.decision_id`,
    ),
  ]
}

/** Steps that empty the lists, so that they are filled again. */
function emptySteps(db: Reader): readonly Step[] {
  return (['decision_lists', 'decision_lists_end'] as const).map((table) =>
    step(db, `empty ${table}`, sql`DELETE FROM ${sql.table(table)}`),
  )
}

function step(db: Reader, name: string, query: RawBuilder<unknown>): Step {
  return { name, query: { compile: () => query.compile(db) }, rows: 'any' }
}
