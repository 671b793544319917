export {
  findBearerToken,
  findRefreshToken,
  forgetOpaqueTokens,
  insertBearerStep,
  insertRefreshStep,
  REFRESH_GUARD,
  touchRefreshStep,
  unusedRefreshStep,
  useRefreshStep,
} from './bearer-store.ts'
export type { BearerToken, RefreshToken } from './bearer-token.ts'
export { type DeferralKind, newOpaqueToken, opaqueDigest } from './opaque-token.ts'
export {
  CODE_GUARD,
  consumeCodeStep,
  expireRegistrations,
  forgetRegistration,
  isRegistered,
  keepRegistration,
  RECORD_GUARD,
  returnCodeStep,
} from './protocol-record-store.ts'
export { type ProtocolRecords, protocolRecords } from './protocol-records.ts'
