import type { Ledger } from '../ledger/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import type { Live } from '../revocation/index.ts'
import type { Storage } from '../storage/index.ts'

/** Parts that limits are set, counted and settled with. */
export interface BudgetParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly clock: Clock
  readonly random: Random
  readonly live: Pick<Live, 'raise' | 'settle'>
}
