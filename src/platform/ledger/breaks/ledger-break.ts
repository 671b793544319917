import type { TreeHead } from '../checkpoint.ts'

/** The ledger does not contain a head that was signed before: nothing may be permitted until an administrator goes on without it. */
export interface LedgerBreak {
  /** Number of the history that begins when it is accepted; the first one is 0. */
  readonly history: number
  readonly detail: string
  /** The signed head that is missing; absent where the tree itself is damaged. */
  readonly head: TreeHead | undefined
  /** Number of records when it was found. */
  readonly size: number
  /** Epoch milliseconds. */
  readonly foundAt: number
}

/** Part of the signed past that is still there. */
export interface CommonPart {
  /** The largest signed size that the present tree contains, as far as stored checkpoints tell. */
  readonly size: number
  /** Time when that size was signed. */
  readonly at: number | undefined
}
