import type { AttestationChallenges } from '../../identity/agent-authentication/index.ts'
import type { ClientDocuments } from '../../identity/client-metadata/index.ts'
import type { FactParts } from '../../tasks/facts/index.ts'
import type { PendingQuota } from './deferral/pending-quota.ts'
import type { Dormancy } from './dormancy.ts'

/** Parts that open tasks and issue tokens. */
export interface GrantParts extends FactParts {
  /** Room for requests that wait for an answer; absent where they are not counted. */
  readonly room?: PendingQuota
  /**
   * True when the FAPI 2.0 Security Profile holds for every client: confidential clients, and bound
   * tokens only.
   */
  readonly fapi2?: boolean | undefined
  /** True when every task has a key of its own, also those of clients that ask a person. */
  readonly freshKeys?: boolean | undefined
  /** Clients that are known by the address of a document; absent where there are none. */
  readonly documents?: ClientDocuments | undefined
  /** Challenges that proofs beside attestations answer; absent where none are accepted. */
  readonly challenges?: AttestationChallenges | undefined
  /** Watch over agents that had no task for too long; absent where none is kept. */
  readonly dormancy?: Dormancy
}
