import pg from 'pg'
import { unavailable } from '../failure.ts'
import type { PoolLoad } from '../storage.ts'
import {
  type ConnectionOptions,
  clientOptions,
  type TimeLimits,
  TRANSACTION_LIMIT,
  withoutLimits,
} from './client.ts'
import { translated } from './failure.ts'
import type { Primary } from './primary.ts'
import { BorrowedConnection } from './session.ts'

export interface PoolOptions {
  readonly url: string
  readonly size: number
  readonly primary: Primary
  /** Time limits; `none`: any statement takes as long as it takes. */
  readonly limits: Partial<TimeLimits> | 'none'
  /** True: a lock that was not obtained in time is worth another try. Default: false. */
  readonly retriesLocks?: boolean
  readonly connections?: ConnectionOptions
}

/**
 * Connections to the primary, and never to anything else. Bounded in number and in every wait.
 *
 * INVARIANT: nothing is written outside of a transaction that says READ WRITE. Statements are sent without waiting for
 * the answer to BEGIN; should BEGIN fail, the server refuses them instead of committing each by itself.
 */
export class SessionPool {
  readonly #pool: pg.Pool
  readonly #primary: Primary
  readonly #patience: number | undefined
  readonly #retriesLocks: boolean
  readonly #arriving = new Set<Promise<unknown>>()
  /** Errors that ended connections. The next use of one says only that it has ended. */
  readonly #endings = new WeakMap<pg.ClientBase, Error>()
  readonly #lent = new Set<BorrowedConnection>()
  #closed: Promise<void> | undefined

  constructor(options: PoolOptions) {
    const { url, size, primary, limits, retriesLocks = false, connections = {} } = options
    const { Client = pg.Client, waitFactor = 1 } = connections
    this.#primary = primary
    this.#retriesLocks = retriesLocks
    this.#patience = limits === 'none' ? undefined : (limits.idle ?? TRANSACTION_LIMIT) * waitFactor
    this.#pool = new pg.Pool({
      ...(limits === 'none' ? withoutLimits(url) : clientOptions(url, limits, waitFactor)),
      Client,
      max: size,
      pipeline: true,
      onConnect: async (client) => {
        client.on('error', (error) => this.#endings.set(client, error))
        await client.query('SET default_transaction_read_only = on')
        await primary.check(client)
      },
    })
    this.#pool.on('error', () => {}) // An idle connection that broke is replaced when one is needed.
  }

  /** @throws Problem `storage.unavailable` */
  async borrow(): Promise<BorrowedConnection> {
    for (;;) {
      const client = await this.#connect()
      if (this.#primary.isCurrent(client)) return this.#lend(client)
      client.release(true)
    }
  }

  /** Connections by what they do, and requests that wait for one. */
  get load(): Omit<PoolLoad, 'name'> {
    const { idleCount: idle, totalCount, waitingCount: waiting } = this.#pool
    return { idle, used: totalCount - idle, max: this.#pool.options.max, waiting }
  }

  /**
   * Waits until everything borrowed is given back, but for no one longer than a transaction may
   * take.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #connect(): Promise<pg.PoolClient> {
    if (this.#closed) throw unavailable('the store is closed')
    const arriving = this.#pool.connect()
    this.#arriving.add(arriving)
    try {
      return await arriving
    } catch (error) {
      throw translated(error)
    } finally {
      this.#arriving.delete(arriving)
    }
  }

  /** A pool that is ending serves no one who already waits, so those come first. */
  async #close(): Promise<void> {
    while (this.#arriving.size) await Promise.allSettled(this.#arriving)
    const timer = this.#patience && setTimeout(() => this.#abandonAll(), this.#patience)
    await this.#pool.end()
    if (timer) clearTimeout(timer)
  }

  #abandonAll(): void {
    for (const session of this.#lent) session.abandon()
  }

  #lend(client: pg.PoolClient): BorrowedConnection {
    const session = new BorrowedConnection(client, {
      onRelease: (returned) => this.#lent.delete(returned),
      retriesLocks: this.#retriesLocks,
      ending: () => this.#endings.get(client),
    })
    this.#lent.add(session)
    return session
  }
}
