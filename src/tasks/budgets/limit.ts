import type { Ledger } from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Random } from '../../platform/lib/random.ts'
import type { Live } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'

/**
 * One limit. `calls`: how many calls may be sent, of one action where it is named; `sum`: what the values of one numeric
 * argument may add up to, over all calls of one action; `charged` and `rows`: what numbers of the answers may add up to, and how
 * many items lists of them may have together. With `seconds` it is about any so many seconds, without for
 * ever. `most` is exact decimal text, at most 4 fractional digits. The name has the counted value, and the way of counting (`limitName`).
 */
export type Limit = {
  readonly name: string
  readonly most: string
  readonly seconds?: number
} & (
  | { readonly kind: 'calls'; readonly action?: string }
  | {
      readonly kind: 'sum'
      readonly action: string
      /** JSON Pointer into the typed arguments. */
      readonly path: string
    }
  | {
      readonly kind: SettledKind
      readonly action: string
      /** JSON Pointer into the answer, as obligations have it: `*` is every item or member. */
      readonly path: string
      /**
       * Amount that a call takes until its answer is known, or a pointer to the argument that says
       * how much it is at most.
       */
      readonly reserve: string
    }
)

/** Kinds of limit whose amounts are known only from the answer. */
export type SettledKind = 'charged' | 'rows'

/** A task as far as its calls are counted. */
export interface BudgetedTask {
  readonly id: string
  readonly budget: readonly Limit[]
}

/** Parts that limits are set, counted and settled with. */
export interface BudgetParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly clock: Clock
  readonly random: Random
  readonly live: Pick<Live, 'raise' | 'settle'>
}
