import type { Catalog } from '../catalog/index.ts'
import type { Ledger } from '../ledger/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Live } from '../revocation/index.ts'
import type { Storage } from '../storage/index.ts'

/** Parts that the acts of this room work with; every act takes them first. */
export interface PolicyParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Pick<Live, 'view' | 'raise' | 'settle'>
  readonly catalog: Pick<Catalog, 'current'>
  readonly clock: Clock
}
