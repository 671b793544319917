import { sql } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import { MINUTE } from '../lib/time-units.ts'
import type { Reader } from '../storage/index.ts'
import { type OutsideLeaf, readUnplaced } from './append-store.ts'

/** Time between two looks at all numbers. A transaction that appends is over long before. */
const UNPLACED_POLL_MS = MINUTE

/**
 * Records on PostgreSQL that have a number and no position yet. Numbers of records that got theirs stay in the index until a vacuum,
 * and none takes them away while a backup runs: so a look begins behind the numbers that were given a minute ago.
 * INVARIANT: a record that commits late, under an older number, is found within a minute: then all are looked at.
 */
export class UnplacedRecords {
  readonly #db: Reader
  readonly #clock: Pick<Clock, 'monotonic'>
  #lookedAt = Number.NEGATIVE_INFINITY
  /** Numbers below are looked at: those that were given since the look before the last one. */
  #from = 0
  #atLastLook = 0

  constructor(db: Reader, clock: Pick<Clock, 'monotonic'>) {
    this.#db = db
    this.#clock = clock
  }

  /** Reads the oldest ones. */
  async read(limit: number): Promise<readonly OutsideLeaf[]> {
    const now = this.#clock.monotonic()
    if (now - this.#lookedAt < UNPLACED_POLL_MS) return readUnplaced(this.#db, this.#from, limit)
    const newest = await newestNumber(this.#db)
    const found = await readUnplaced(this.#db, 0, limit)
    // More than fits: the next look is at all again.
    if (found.length === limit) return found
    this.#lookedAt = now
    this.#from = this.#atLastLook
    this.#atLastLook = newest
    return found
  }
}

/** Number that was given last. */
async function newestNumber(db: Reader): Promise<number> {
  const { rows } = await sql<{
    last: number
  }>`SELECT last_value AS last FROM ledger_appended`.execute(db)
  return -(rows[0]?.last ?? 0)
}
