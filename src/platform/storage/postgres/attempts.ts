import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDuplicate, unavailable } from '../failure.ts'
import type { BorrowedConnection } from './session.ts'

/** Maximum time that one transaction is tried again, and maximum pause between attempts, in ms. */
const PATIENCE = 5_000
const MAX_PAUSE = 50

/**
 * Repeats a transaction that lost against another one. Second and further attempts of this process
 * go one at a time: when a table is small, serialisable transactions conflict although they touch
 * different rows, and all of them trying again at once would go on losing to each other.
 */
export class Attempts {
  readonly #borrow: () => Promise<BorrowedConnection>
  readonly #patience: number
  #line: Promise<unknown> = Promise.resolve()

  constructor(borrow: () => Promise<BorrowedConnection>, waitFactor = 1) {
    this.#borrow = borrow
    this.#patience = PATIENCE * waitFactor
  }

  async run<T>(attempt: (session: BorrowedConnection) => Promise<T>): Promise<T> {
    const first = await this.#once(attempt, isWorthOneMore)
    if ('value' in first) return first.value
    const until = performance.now() + this.#patience
    const turn = this.#line.then(() => this.#again(attempt, until))
    this.#line = turn.catch(() => {})
    return turn
  }

  async #again<T>(attempt: (session: BorrowedConnection) => Promise<T>, until: number): Promise<T> {
    for (;;) {
      const result = await this.#once(attempt)
      if ('value' in result) return result.value
      if (performance.now() > until)
        throw unavailable(`still in the way of others after ${this.#patience} ms`, result.lost)
      await sleep(randomInt(MAX_PAUSE))
    }
  }

  /** @throws what `attempt` throws, unless it failed because the session lost against another one, or by such an error */
  async #once<T>(
    attempt: (session: BorrowedConnection) => Promise<T>,
    isLost: (error: unknown, session: BorrowedConnection) => boolean = () => false,
  ): Promise<{ value: T } | { lost: unknown }> {
    const session = await this.#borrow()
    try {
      return { value: await attempt(session) }
    } catch (error) {
      if (!session.contended && !isLost(error, session)) throw error
      return { lost: error }
    } finally {
      session.release()
    }
  }
}

/**
 * A key can be taken by a transaction that this one did not see: the second attempt sees it, and says why it is refused.
 * A connection can end at any time, also one that was idle until now.
 */
function isWorthOneMore(error: unknown, session: BorrowedConnection): boolean {
  return isDuplicate(error) || session.lost
}
