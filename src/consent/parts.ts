import type { StepUp } from '@remit/engine'
import type { Ledger } from '../ledger/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'

/** Parts that bases are granted with, and consents asked for and answered. */
export interface ConsentParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly clock: Clock
  readonly random: Random
  /** Sign-in that somebody who consents needs; absent: a session is enough. */
  readonly stepUp?: StepUp | undefined
}
