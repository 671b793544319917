import type { MasterKey, SigningKeys } from '../../../platform/keys/index.ts'
import type { Ledger } from '../../../platform/ledger/index.ts'
import type { Clock } from '../../../platform/lib/clock.ts'
import type { Random } from '../../../platform/lib/random.ts'
import type { Live } from '../../../platform/revocation/index.ts'
import type { Storage } from '../../../platform/storage/index.ts'

/** Parts that the acts upon the signing keys of tokens, and upon the master key, work with. */
export interface CustodyParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Pick<Live, 'begin' | 'raise' | 'settle'>
  readonly keys: Pick<SigningKeys, 'refresh' | 'make' | 'makesHere' | 'discard' | 'list'>
  readonly master: MasterKey
  readonly clock: Clock
  readonly random: Random
}
