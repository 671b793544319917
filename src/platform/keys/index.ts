export { type CheckedCertificate, checkPath, type ShownPath } from './certificates/check-path.ts'
export { certificateAddress } from './certificates/names.ts'
export { GuardedSigner } from './external/guarded-signer.ts'
export { SignerProgram } from './external/signer-program.ts'
export { openMasterKey } from './master-key.ts'
export type { MasterKey } from './seal/key-ring.ts'
export { LASTING_KEYS_SEALED, withLastingKeys } from './seal/lasting-keys.ts'
export { countSealed, type SealCounts, type SealingParts, sealAgain } from './seal/seal-again.ts'
export type { SealedColumn } from './seal/sealed-column.ts'
export { signJwt } from './sign-jwt.ts'
export type { SigningKey } from './signing-key.ts'
export { hasSigningKeys, SIGNING_KEYS_SEALED } from './signing-key-store.ts'
export {
  announceKeys,
  JWKS_MAX_AGE_SECONDS,
  loadSigningKeys,
  rotateTokensKey,
  SigningKeys,
} from './signing-keys.ts'
export { withdrawTokensKey } from './withdraw-key.ts'
