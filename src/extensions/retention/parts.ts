import type { MasterKey } from '../../platform/keys/index.ts'
import type { Ledger } from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Random } from '../../platform/lib/random.ts'
import type { Storage } from '../../platform/storage/index.ts'
import type { RetentionRules } from './rules.ts'

/**
 * Parts that retention works with. Of the ledger: the private values beside its records, and nothing of the
 * tree.
 */
export interface RetentionParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append' | 'erasablesAfter' | 'eraseBeside'>
  readonly clock: Clock
  readonly random: Random
  readonly rules: RetentionRules
}

/** Parts that erasures work with, besides: the key that makes the digest of an ended account. */
export interface ErasureParts extends RetentionParts {
  readonly master: Pick<MasterKey, 'derive'>
}
