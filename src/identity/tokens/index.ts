export {
  type AccessClaims,
  authenticationClaims,
  type MintedToken,
  type MintParts,
} from './access-token.ts'
export { argumentTexts } from './argument-texts.ts'
export type { FurtherClaims, FurtherValue } from './further-claims.ts'
export { INTROSPECTION_TYPE, mintIntrospection } from './introspection-token.ts'
export { pairwiseSubject } from './pairwise.ts'
export {
  type ForeignActor,
  MAX_CHAIN,
  type PartyClaims,
  partyClaims,
  readActors,
  type TokenParties,
} from './parties.ts'
export { mintPeerAssertion } from './peer-assertion.ts'
export {
  checkResourceToken,
  knownResourceToken,
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
