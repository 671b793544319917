export type { AccessClaims, Minted, Minting } from './access-token.ts'
export { authenticationClaims } from './access-token.ts'
export { argumentTexts } from './argument-texts.ts'
export {
  findBearerToken,
  findRefreshToken,
  forgetOpaqueTokens,
  insertBearerStep,
  insertRefreshStep,
  REFRESH_STEP,
  touchRefreshStep,
  unusedRefreshStep,
  useRefreshStep,
} from './bearer-store.ts'
export type { BearerToken, RefreshToken } from './bearer-token.ts'
export { type Challenged, challenge, METADATA_PREFIX } from './challenge.ts'
export { checkProof, PROOF_ALGORITHMS, type Proof, type ProofExpectation } from './dpop-proof.ts'
export { INTROSPECTION_TYPE, mintIntrospection } from './introspection-token.ts'
export { DpopNonces } from './nonces.ts'
export {
  CODE_STEP,
  consumeCodeStep,
  forgetRegistration,
  keepRegistration,
} from './oidc-payload-store.ts'
export { artefacts, type OidcPayloads } from './oidc-payloads.ts'
export { type DeferralKind, newOpaqueToken, opaqueDigest } from './opaque-token.ts'
export { pairwiseSubject } from './pairwise.ts'
export {
  type ActClaim,
  type ForeignActor,
  MAX_CHAIN,
  type PartyClaims,
  partyClaims,
  readActors,
  type TokenParties,
} from './parties.ts'
export { mintPeerAssertion } from './peer-assertion.ts'
export {
  boundKeyOf,
  type Certificate,
  certificateProof,
  checkPossession,
  confirmationOf,
  tokenTypeOf,
} from './possession.ts'
export {
  checkResourceToken,
  mintResourceToken,
  RESOURCE_TOKEN_LIFE_MS,
  type ResourceTokenClaims,
} from './resource-token.ts'
export type { CustodyParts } from './signing-key/custody-parts.ts'
export { beginSigningKeys, signingKeyOf } from './signing-key/live-key.ts'
export { rotateKey } from './signing-key/rotate-key.ts'
export { sealEverythingAgain } from './signing-key/seal-again.ts'
export { withdrawKey } from './signing-key/withdraw-key.ts'
export { checkTaskToken, mintTaskToken, type TaskTokenClaims } from './task-token.ts'
export { checkTicket, mintTicket, type TicketClaims } from './ticket.ts'
export {
  checkTransactionToken,
  mintTransactionToken,
  renewTransactionToken,
  TRANSACTION_TOKEN_LIFE_MS,
  type TransactionGrant,
  type TransactionTokenClaims,
} from './transaction-token.ts'
export { VerifiedTokens } from './verified-tokens.ts'
