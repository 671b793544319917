import type { StepUp } from '@remit/engine'
import type { Ledger } from '../ledger/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'

/** Parts that this room works with. Every act takes them first. */
export interface ApprovalParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append' | 'appendStep'>
  readonly clock: Clock
  readonly random: Random
  /** Sign-in that a yes to what widens access needs; absent: a session is enough. */
  readonly stepUp?: StepUp | undefined
}
