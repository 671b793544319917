import type { Ledger } from '../ledger/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Live } from '../revocation/index.ts'
import type { Storage } from '../storage/index.ts'

/** Parts that this room works with. Every act takes them first. */
export interface AgentParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Pick<Live, 'begin' | 'raise' | 'settle'>
  readonly clock: Clock
}

/** Agents that may not act are recorded, and counted when they repeat themselves. */
export type RefusingParts = AgentParts & { readonly ledger: Pick<Ledger, 'append' | 'refusals'> }
