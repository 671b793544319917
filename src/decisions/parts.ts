import type { AttestationChallenges, ClientDocuments, IssuerTrust } from '../agents/index.ts'
import type { Catalog } from '../catalog/index.ts'
import type { MasterKey, SigningKeys } from '../keys/index.ts'
import type { Ledger } from '../ledger/index.ts'
import type { Live } from '../live/index.ts'
import type { Providers } from '../people/index.ts'
import type { Policies } from '../policy/index.ts'
import type { DiskGuard } from '../storage/index.ts'
import type { TaskParts } from '../tasks/index.ts'
import type { DpopNonces, VerifiedTokens } from '../tokens/index.ts'
import type { WaitingRoom } from './deferring/waiting-room.ts'
import type { DecisionPoints } from './external/decision-points.ts'
import type { Facts } from './facts.ts'
import type { Dormancy } from './lifecycle/dormancy.ts'
import type { RiskBooks } from './risk/risk-books.ts'
import type { CallsInFlight } from './settling/calls-in-flight.ts'
import type { ReservationQueue } from './settling/reservation-queue.ts'
import type { Watcher } from './shadow/answered.ts'

/** What this room works with. Every act takes it first. */
export interface DecisionParts extends TaskParts {
  readonly live: Live
  readonly ledger: Pick<Ledger, 'append' | 'appendStep' | 'broken' | 'refusals'>
  readonly keys: Pick<SigningKeys, 'find' | 'tokens'>
  readonly master: Pick<MasterKey, 'derive' | 'open' | 'seal'>
  /** Remit's own: an origin, without a trailing slash. */
  readonly issuer: string
  readonly catalog: Pick<Catalog, 'current'>
  readonly policies: Pick<Policies, 'active' | 'revalidate' | 'rules' | 'version'>
  readonly providers: Pick<Providers, 'checkSubjectToken'>
  /** Issuers of others that are trusted. */
  readonly issuers: IssuerTrust
  readonly facts: Facts
  readonly risk: RiskBooks
  readonly points: DecisionPoints
  readonly verified: VerifiedTokens
  /** What this process knows of its own calls beyond the store. */
  readonly flights: CallsInFlight
  /** Whether there is room for what needs a record; absent where nobody watches. */
  readonly disk?: Pick<DiskGuard, 'requireRoom'>
  /** Demanded of proofs; absent where none ever is. */
  readonly nonces?: DpopNonces
  /** Looks at calls that were answered; absent where nothing does. */
  readonly shadow?: Watcher
  /** Who signs certificates by which agents are known, DER. */
  readonly clientAuthorities?: readonly Uint8Array[]
  /** Who has slept too long; absent where nobody does. */
  readonly dormancy?: Dormancy
  /** Calls that wait for the store; absent where nobody counts. */
  readonly reservations?: ReservationQueue
  /** How many requests may wait for an answer; absent where nobody counts. */
  readonly room?: WaitingRoom
  /** Whether the FAPI 2.0 Security Profile holds for every client: confidential clients, and bound tokens only. */
  readonly fapi2?: boolean | undefined
  /** Whether every task has a key of its own, also those of clients that ask a person. */
  readonly freshKeys?: boolean | undefined
  /** Clients that are known by the address of a document; absent where nobody is. */
  readonly documents?: ClientDocuments | undefined
  /** What proofs beside attestations answer; absent where none are accepted. */
  readonly challenges?: AttestationChallenges | undefined
}
