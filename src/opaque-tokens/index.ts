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
export {
  CODE_STEP,
  consumeCodeStep,
  forgetRegistration,
  keepRegistration,
} from './oidc-payload-store.ts'
export { artefacts, type OidcPayloads } from './oidc-payloads.ts'
export { type DeferralKind, newOpaqueToken, opaqueDigest } from './opaque-token.ts'
