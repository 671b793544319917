import type { Catalog } from '../../catalog/catalog/index.ts'
import type { Providers } from '../../identity/identity-providers/index.ts'
import type { IssuerTrust } from '../../identity/issuers/index.ts'
import type { DpopNonces } from '../../identity/possession/index.ts'
import type { VerifiedTokens } from '../../identity/tokens/index.ts'
import type { MasterKey, SigningKeys } from '../../platform/keys/index.ts'
import type { Ledger } from '../../platform/ledger/index.ts'
import type { Live } from '../../platform/revocation/index.ts'
import type { DiskGuard } from '../../platform/storage/index.ts'
import type { Policies } from '../../policy/policy/index.ts'
import type { RiskHistory } from '../risk/index.ts'
import type { TaskParts } from '../tasks/index.ts'
import type { Facts } from './facts.ts'

/** Parts that openings, tokens and calls are judged with; every act takes them first. */
export interface FactParts extends TaskParts {
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
  readonly risk: RiskHistory
  readonly verified: VerifiedTokens
  /** Guard of the disk space for acts that need a record; absent where it is not watched. */
  readonly disk?: Pick<DiskGuard, 'requireRoom'>
  /** Nonces demanded of proofs; absent where none ever is. */
  readonly nonces?: DpopNonces
  /** Authorities that sign certificates by which agents are known, DER. */
  readonly clientAuthorities?: readonly Uint8Array[]
}
