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
  readJoseHeader,
  readObject,
} from './compact.ts'
export { weaknessOf } from './key-strength.ts'
export { importPublicJwk, type PublicJwk, type PublicKey } from './public-jwk.ts'
export { type Algorithm, fits, isAlgorithm, signData, verifySignature } from './signature.ts'
export { importVerificationJwk } from './verification-jwk.ts'
export { wrongAlgorithm } from './wrong-algorithm.ts'
