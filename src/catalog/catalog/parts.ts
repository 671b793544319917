import type { Ledger } from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Live } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import type { Action } from './resource.ts'

/** Parts that the acts of this room work with; every act takes them first. */
export interface CatalogParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Pick<Live, 'view' | 'raise' | 'settle'>
  readonly clock: Clock
  /**
   * Checks whether the active policies still hold for these actions, which are the whole catalog as
   * it would be; throws `policy.would_break` when not. Passed in because policies are typed by the
   * catalog, never the other way round.
   */
  readonly revalidate: (actions: readonly Action[]) => Promise<void>
}
