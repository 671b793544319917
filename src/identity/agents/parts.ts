import type { Ledger } from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Live } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'

/** Parts that this room works with. Every act takes them first. */
export interface AgentParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Pick<Live, 'begin' | 'raise' | 'settle'>
  readonly clock: Clock
}

/** Agents that may not act are recorded, and counted when they repeat themselves. */
export type RefusingParts = AgentParts & { readonly ledger: Pick<Ledger, 'append' | 'refusals'> }
