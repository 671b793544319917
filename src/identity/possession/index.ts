export {
  type ChallengedResource,
  challenge,
  METADATA_PREFIX,
  metadataUrl,
  takesBearer,
} from './challenge.ts'
export { DpopNonces } from './dpop-nonces.ts'
export { checkProof, PROOF_ALGORITHMS, type Proof, type ProofExpectation } from './dpop-proof.ts'
export {
  boundKeyOf,
  type Certificate,
  certificateProof,
  checkPossession,
  confirmationOf,
  type KeyConfirmation,
  tokenTypeOf,
} from './possession.ts'
export { resourceMetadata } from './resource-metadata.ts'
