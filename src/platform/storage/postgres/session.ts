import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import pg from 'pg'
import { noStreaming } from '../dialect.ts'
import { uncertainCommit } from '../failure.ts'
import { endsConnection, isTimeout, isWorthAnotherTry, sqlStateOf, translated } from './failure.ts'

interface BorrowOptions {
  readonly onRelease: (session: BorrowedConnection) => void
  readonly retriesLocks: boolean
  /** Error that ended the connection. */
  readonly ending: () => Error | undefined
}

/** A borrowed connection, with the state that has to be known before it is given back. */
export class BorrowedConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient
  readonly #onNotice: (notice: { message?: string | undefined }) => void
  /** True when the connection may be in any state and is not used again. */
  #broken = false
  /** True when a standby that should have confirmed did not. */
  #unconfirmed = false
  #contended = false
  #lost = false
  /** True when COMMIT was sent, which may have taken place. */
  #committing = false
  #released = false
  readonly #onRelease: (session: BorrowedConnection) => void
  readonly #retriesLocks: boolean
  readonly #ending: () => Error | undefined

  constructor(client: pg.PoolClient, { onRelease, retriesLocks, ending }: BorrowOptions) {
    this.#client = client
    this.#onRelease = onRelease
    this.#retriesLocks = retriesLocks
    this.#ending = ending
    this.#onNotice = ({ message }) => {
      if (message?.includes('synchronous replication')) this.#unconfirmed = true
    }
    client.on('notice', this.#onNotice)
  }

  /** True when some statement lost against another transaction; all of it can be tried again. */
  get contended(): boolean {
    return this.#contended
  }

  /** True when the connection ended before COMMIT was sent: nothing happened; all of it can be tried again. */
  get lost(): boolean {
    return this.#lost
  }

  /** Sends what `send` queries in this tick together: a write to a socket costs as much as a statement. */
  together<T>(send: () => T): T {
    const stream = this.#client instanceof pg.Client ? this.#client.connection.stream : undefined
    stream?.cork()
    try {
      return send()
    } finally {
      stream?.uncork()
    }
  }

  /** `name`: the connection prepares the statement once, and then knows it by that. */
  async query(
    sql: string,
    parameters: readonly unknown[] = [],
    name?: string,
  ): Promise<pg.QueryResult> {
    try {
      const values = [...parameters]
      return await (name === undefined
        ? this.#client.query(sql, values)
        : this.#client.query({ name, text: sql, values }))
    } catch (error) {
      if (isWorthAnotherTry(error, this.#retriesLocks)) this.#contended = true
      else if (!sqlStateOf(error) || endsConnection(error)) this.#lose(error)
      throw error
    }
  }

  #lose(error: unknown): void {
    const ending = this.#ending()
    this.#broken = true
    if (!this.#committing && !isTimeout(error) && !isTimeout(ending)) this.#lost = true
    if (error instanceof Error && ending !== error) error.cause ??= ending
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const { rows, rowCount } = await this.query(sql, parameters)
      return { rows, numAffectedRows: BigInt(rowCount ?? 0) }
    } catch (error) {
      throw translated(error)
    }
  }

  streamQuery = noStreaming

  /**
   * Ends the transaction. Once COMMIT was sent, a connection that breaks leaves open whether it took place.
   *
   * @throws Problem `storage.unavailable`: it may have been committed
   */
  async commit(): Promise<void> {
    let command: string
    this.#committing = true
    try {
      ;({ command } = await this.query('COMMIT'))
    } catch (error) {
      if (sqlStateOf(error)) throw translated(error)
      throw uncertainCommit('the database did not say whether it committed', error)
    }
    // A statement failed and its error was swallowed: PostgreSQL answers COMMIT with ROLLBACK.
    if (command === 'ROLLBACK') throw new Error('a failed transaction cannot be committed')
    if (this.#unconfirmed)
      throw uncertainCommit('no standby confirmed the commit; it stands on the primary alone')
  }

  async rollback(): Promise<void> {
    await this.query('ROLLBACK').catch(() => {
      this.#broken = true
    })
  }

  /** Gives the connection back, or ends it when it is not fit for use. Later calls do nothing. */
  release(): void {
    if (this.#released) return
    this.#released = true
    this.#client.off('notice', this.#onNotice)
    this.#client.release(this.#broken)
    this.#onRelease(this)
  }

  /** Takes the connection from a caller that does not give it back; the server rolls back. */
  abandon(): void {
    this.#broken = true
    this.release()
  }
}
