import type { Catalog } from '../catalog/index.ts'
import type { Ledger } from '../ledger/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Live } from '../revocation/index.ts'
import type { Storage } from '../storage/index.ts'

/** What this room works with. Every act takes it first. */
export interface PolicyParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Pick<Live, 'view' | 'raise' | 'settle'>
  readonly catalog: Pick<Catalog, 'current'>
  readonly clock: Clock
}
