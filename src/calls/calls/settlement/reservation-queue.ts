import type { Clock } from '../../../platform/lib/clock.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { LinkedSet } from '../../../platform/lib/under-way/linked-set.ts'

/** Reservations of a server that wait for the store at once. */
export const MAX_WAITING_RESERVATIONS = 1_000
/**
 * Longest wait of a reservation: if the oldest has waited longer than this, new ones are refused
 * at once (`server.busy`).
 */
export const MAX_RESERVATION_WAIT_MS = 2_000

/** Reservation that waits for a place at a row. */
interface LinedUp {
  readonly rows: readonly string[]
  readonly at: number
  go(): void
}

/**
 * The reservations that wait for the store. With a slow store every call would wait until its checks are out of date;
 * so a bounded number waits, and the others are refused before anything is written.
 *
 * The store lets one transaction at a time change a row. So of the reservations that count in the same row (the budget of a task,
 * a limit of an agent) a few are at the store, and the others wait here, in a line that holds no other call up: neither by the
 * connections that they would hold, nor by how long they have waited.
 */
export class ReservationQueue {
  readonly #clock: Clock
  readonly #max: number
  readonly #mostOfRow: number
  /** Times when each came to the store. */
  readonly #begun = new LinkedSet<{ readonly at: number }>()
  /** Reservations at the store, by row. */
  readonly #atRow = new Map<string, number>()
  readonly #line = new Set<LinedUp>()

  /** @param mostOfRow reservations of one row at the store; default: any number */
  constructor({
    clock,
    max = MAX_WAITING_RESERVATIONS,
    mostOfRow = Number.POSITIVE_INFINITY,
  }: {
    clock: Clock
    max?: number | undefined
    mostOfRow?: number | undefined
  }) {
    this.#clock = clock
    this.#max = max
    this.#mostOfRow = mostOfRow
  }

  /**
   * @param rows rows that `work` counts in
   * @throws Problem `server.busy`, or what `work` throws
   */
  async pass<T>(work: () => Promise<T>, rows: readonly string[] = []): Promise<T> {
    const at = this.#clock.monotonic()
    const oldest = this.#begun.first?.item
    if (this.#begun.size + this.#line.size >= this.#max || isOld(oldest, at)) throw busy()
    if (this.#hasRoom(rows)) this.#takePlace(rows)
    else await this.#lineUp(rows, at)
    const place = this.#begun.add({ at: this.#clock.monotonic() })
    try {
      return await work()
    } finally {
      this.#begun.leave(place)
      for (const row of rows) this.#leaveRow(row)
      if (rows.length > 0) this.#callNext()
    }
  }

  #hasRoom(rows: readonly string[]): boolean {
    return rows.every((row) => (this.#atRow.get(row) ?? 0) < this.#mostOfRow)
  }

  #lineUp(rows: readonly string[], at: number): Promise<void> {
    for (const each of this.#line)
      if (isOld(each, at) && each.rows.some((row) => rows.includes(row))) throw busy()
    return new Promise((resolve) => this.#line.add({ rows, at, go: resolve }))
  }

  /** INVARIANT: looks at the whole line: a reservation of several rows may have left a place at each. */
  #callNext(): void {
    for (const next of this.#line) {
      if (!this.#hasRoom(next.rows)) continue
      this.#line.delete(next)
      this.#takePlace(next.rows)
      next.go()
    }
  }

  #takePlace(rows: readonly string[]): void {
    for (const row of rows) this.#atRow.set(row, (this.#atRow.get(row) ?? 0) + 1)
  }

  #leaveRow(row: string): void {
    const left = (this.#atRow.get(row) ?? 1) - 1
    if (left === 0) this.#atRow.delete(row)
    else this.#atRow.set(row, left)
  }
}

function isOld(waiting: { readonly at: number } | undefined, now: number): boolean {
  return waiting !== undefined && now - waiting.at > MAX_RESERVATION_WAIT_MS
}

function busy(): Problem {
  return new Problem('server.busy', 'too many calls wait for the database; nothing was sent')
}
