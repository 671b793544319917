import type { MasterKey } from '../keys/index.ts'
import type { Ledger } from '../ledger/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'
import type { RetentionRules } from './rules.ts'

/**
 * Parts that retention works with. Of the ledger: what is beside its records, and nothing of the
 * tree.
 */
export interface RetentionParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append' | 'erasablesAfter' | 'eraseBeside'>
  readonly clock: Clock
  readonly random: Random
  readonly rules: RetentionRules
}

/** Parts that erasures work with, besides: the key that makes the digest of whoever has left. */
export interface ErasureParts extends RetentionParts {
  readonly master: Pick<MasterKey, 'derive'>
}
