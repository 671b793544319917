/**
 * Messages between the main thread of a process and the writer thread. Everything here is copied
 * between threads, or between processes.
 */

export interface BatchStep {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly rows: number | 'any'
}

export type Request =
  /** Opens a database file, in a thread that has none open. The thread ends when it cannot. */
  | { readonly kind: 'open'; readonly file: string }
  /** Batches to commit, each of them all of its steps or none. */
  | { readonly kind: 'batches'; readonly batches: readonly StepBatch[] }
  /** Asks for the turn. `limit`: how long the turn may last, in ms; absent: as long as it takes. */
  | {
      readonly kind: 'begin'
      readonly id: number
      readonly limit: number | undefined
      /** True: goes before all others that wait, as leases and revocations do. */
      readonly first: boolean
      /** Time that others wait for the next statement of the turn, in ms; absent: up to `limit`. */
      readonly pause?: number
      /** True: what the turn deletes is overwritten. */
      readonly erases?: boolean
    }
  | {
      readonly kind: 'query'
      readonly id: number
      /** The id of the `begin`. */
      readonly turn: number
      readonly sql: string
      readonly parameters: readonly unknown[]
    }
  | {
      readonly kind: 'end'
      readonly id: number
      readonly turn: number
      readonly how: 'commit' | 'rollback'
    }
  | { readonly kind: 'close'; readonly id: number }
  /** Lets other processes write through this thread, over a socket in a directory that only their user may enter. */
  | { readonly kind: 'share'; readonly id: number; readonly directory: string }
  /** Is passed on to all processes that share the writer. */
  | { readonly kind: 'hint'; readonly channel: string }

/** Requests for the queue of writes. */
export type WriteRequest = Exclude<Request, { kind: 'open' | 'close' | 'share' | 'hint' }>

export interface StepBatch {
  readonly id: number
  readonly steps: readonly BatchStep[]
}

export interface RowSet {
  readonly rows: Record<string, unknown>[]
  readonly changes: number
}

/** `unavailable`: the store, not the statement. `refused`: the statement broke a rule. `wrong`: a mistake in our SQL. */
export interface StatementFailure {
  readonly kind: 'unavailable' | 'refused' | 'wrong'
  readonly message: string
  readonly code: string
  readonly duplicate: boolean
}

export type WriterReply =
  | { readonly id: number; readonly kind: 'done' }
  | { readonly id: number; readonly kind: 'answer'; readonly answer: RowSet }
  /** `failed` is the position of the step whose guard did not hold; nothing of the batch remains. */
  | { readonly id: number; readonly kind: 'committed'; readonly failed: number | undefined }
  | { readonly id: number; readonly kind: 'failure'; readonly failure: StatementFailure }
  | { readonly id: number; readonly kind: 'shared'; readonly path: string }

/** The way from a process to the writer: to a thread of its own, or to that of the process that started it. */
export interface WriterLine {
  post(request: Request): void
  /** Begins to listen. `ended` is called once, when nothing can be written over this line any more. */
  listen(heard: {
    replies(replies: readonly WriterReply[]): void
    hint(channel: string): void
    ended(cause: unknown): void
  }): void
  /** Lets go, after the writer answered that it has closed. */
  release(): void
}
