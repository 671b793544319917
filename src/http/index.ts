export { addressKey } from '../lib/address-key.ts'
export { acceptForms } from './accept-forms.ts'
export { createHttp, type HttpOptions, type HttpServer } from './app.ts'
export { ClientCertificates, type ShownCertificate } from './client-certificate.ts'
export { type CookieName, type Cookies, cookiesOf } from './cookies.ts'
export { type ShownCredential, shownCredential } from './credential.ts'
export { headerValues } from './header-values.ts'
export type { HealthCheck } from './health.ts'
export { AddressQuota, type Exhausted } from './inbound/address-quota.ts'
export { clientAddressOf, isUnfinished } from './inbound/bounded-request.ts'
export { boundedServer, CAPACITY, type Capacity } from './inbound/bounded-server.ts'
export { ClientAddresses } from './inbound/client-addresses.ts'
export { collectBody } from './inbound/collect-body.ts'
export { doubt, framingFault, rawValues } from './inbound/framing.ts'
export { LineBudget } from './inbound/line-budget.ts'
export { StrangerLimits, type StrangerRefused } from './inbound/stranger-limits.ts'
export { LIMITS } from './limits.ts'
export { type Logger, openLog } from './logger.ts'
export type { RateLimit } from './rate-limit.ts'
export type { RawContext, RawHandler } from './raw-handler.ts'
export { type Fields, readFields } from './read-fields.ts'
export {
  logBug,
  type ProblemPage,
  problemHeaders,
  problemJson,
  toProblem,
} from './render-problem.ts'
export { fromOwnPage } from './request-gate.ts'
export { listenProblem } from './server.ts'
export { readTarget, type Target } from './strict-target.ts'
