/**
 * Messages between the main thread and the writer thread. Everything here is copied between
 * threads.
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
