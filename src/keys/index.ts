export { type CheckedCertificate, checkPath, type ShownPath } from './certificates/check-path.ts'
export { plainAddress } from './certificates/names.ts'
export {
  CLOCK_SKEW_MS,
  type Claims,
  checkClaims,
  checkJwt,
  type JwtExpectation,
  rememberedUntil,
  unverifiedIssuer,
} from './check-jwt.ts'
export {
  type Compact,
  type JoseHeader,
  MAX_TOKEN_BYTES,
  type PlainObject,
  readCompact,
  readObject,
} from './compact.ts'
export { GuardedSigner } from './external/guarded-signer.ts'
export { Pkcs11Signer } from './external/pkcs11/pkcs11-signer.ts'
export { openMasterKey } from './master-key.ts'
export { importPublicJwk, type PublicJwk, type PublicKey } from './public-jwk.ts'
export type { MasterKey } from './seal/key-ring.ts'
export { LASTING_KEYS_SEALED, withLastingKeys } from './seal/lasting-keys.ts'
export { countSealed, type Sealed, type SealingParts, sealAgain } from './seal/seal-again.ts'
export type { SealedColumn } from './seal/sealed-column.ts'
export { signJwt } from './sign-jwt.ts'
export { type Algorithm, fits, isAlgorithm, verifySignature } from './signature.ts'
export type { SigningKey } from './signing-key.ts'
export { hasSigningKeys, SIGNING_KEYS_SEALED } from './signing-key-store.ts'
export {
  announceKeys,
  JWKS_MAX_AGE_SECONDS,
  loadSigningKeys,
  rotateTokensKey,
  type SigningKeys,
} from './signing-keys.ts'
export { importVerificationJwk } from './verification-jwk.ts'
export { withdrawTokensKey } from './withdraw-key.ts'
