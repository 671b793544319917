import type { Agent, RefusingParts } from '../agents/index.ts'
import type { ClientDocuments } from '../client-metadata/index.ts'
import type { IssuerTrust, TrustedIssuer, VerifiedToken } from '../issuers/index.ts'
import type { AttestationChallenges } from './attestation/possession.ts'
import type { CredentialUse } from './credential-use.ts'

/** Parts that authentication works with. Without `documents` no client is known by an address. */
export type AuthenticatingParts = RefusingParts & {
  /** Remit's own. */
  readonly issuer: string
  readonly issuers: IssuerTrust
  readonly documents?: ClientDocuments | undefined
  /** Authorities for the certificates by which agents are known, DER; left out, there are none. */
  readonly clientAuthorities?: readonly Uint8Array[] | undefined
  /** Keys of one's own and certificates count, and nothing else (FAPI 2.0 Security Profile 5.3.2.1). */
  readonly fapi2?: boolean | undefined
  /** Without, no attestations are accepted. */
  readonly challenges?: AttestationChallenges | undefined
}

/** An agent that has proved who it is. The caller uses the credential (`credentialStep`) in the transaction of what it does. */
export interface AuthenticatedAgent extends CredentialUse {
  readonly agent: Agent
  /** The trusted issuers that vouch for it, in force; its tasks rest on them. */
  readonly issuers: readonly TrustedIssuer[]
  /** Token of a trusted issuer, where that is what it authenticated with. */
  readonly vouched: VerifiedToken | undefined
}

/** One way to say who one is. */
export type Way = (
  parts: AuthenticatingParts,
  assertion: string,
  audiences?: readonly string[],
) => Promise<AuthenticatedAgent>
