import type { StepUp } from '@remit/engine'
import type { MasterKey } from '../../platform/keys/index.ts'
import type { Ledger } from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Random } from '../../platform/lib/random.ts'
import type { Live } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'

/** Parts that the acts of this room work with; every act takes them first. */
export interface PeopleParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Pick<Live, 'begin' | 'raise' | 'settle'>
  readonly master: Pick<MasterKey, 'seal' | 'open' | 'derive'>
  readonly clock: Clock
  readonly random: Random
  /** Remit's own issuer: an origin, without a trailing slash. */
  readonly issuer: string
  /** Sign-in that is needed for a yes to what widens access; absent: a session is enough. */
  readonly stepUp?: StepUp | undefined
}
