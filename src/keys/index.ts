export {
  CLOCK_SKEW_MS,
  type Claims,
  type ClaimsExpectation,
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
export { type MasterKey, type MasterKeyOptions, openMasterKey } from './master-key.ts'
export { importPublicJwk, type PublicJwk, type PublicKey } from './public-jwk.ts'
export { signJwt } from './sign-jwt.ts'
export { type Algorithm, fits, isAlgorithm, verifySignature } from './signature.ts'
export type { PublishedJwk, SigningKey } from './signing-key.ts'
export {
  announceKeys,
  JWKS_MAX_AGE_SECONDS,
  loadSigningKeys,
  rotateTokensKey,
  type SigningKeys,
  type TokensKey,
} from './signing-keys.ts'
export { withdrawTokensKey } from './withdraw-key.ts'
