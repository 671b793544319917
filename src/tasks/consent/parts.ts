import type { StepUp } from '@remit/engine'
import type { Ledger } from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Random } from '../../platform/lib/random.ts'
import type { Storage } from '../../platform/storage/index.ts'

/** Parts that bases are granted with, and consents asked for and answered. */
export interface ConsentParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly clock: Clock
  readonly random: Random
  /** Sign-in that a consenting person needs; absent: a session is enough. */
  readonly stepUp?: StepUp | undefined
}
