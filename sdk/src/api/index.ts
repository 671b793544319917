/**
 * Guards for APIs that agents call: behind Remit's gateway, or directly. The core speaks Web
 * `Request`; `remit-sdk/fastify`, `/express` and `/hono` are thin over it.
 */
export type { Answer } from './answer.ts'
export {
  type ArgumentText,
  type ArgumentTexts,
  type ReadArgument,
  type ReadArguments,
  WrittenText,
} from './arguments.ts'
export { type BehindGatewayOptions, behindGateway } from './behind-gateway.ts'
export { callOf } from './call-of.ts'
export type { ClientCertificates } from './client-certificate.ts'
export { type DirectOptions, direct } from './direct.ts'
export type { Actor, Admission, CallEnd, Guard, RemitCall, Route } from './guard.ts'
export {
  type InProcessGuard,
  type InProcessOptions,
  type InProcessStatus,
  inProcess,
} from './in-process/in-process-guard.ts'
export type { ApiRequest } from './incoming.ts'
export { type InsideDomainOptions, insideDomain } from './inside-domain.ts'
export {
  protectedResourceMetadata,
  protectedResourceMetadataPath,
  type ResourceDescription,
} from './metadata.ts'
export { type Replacement, replaceTransactionToken } from './replace-token.ts'
export { type UsedOnce, usedInMemory } from './used-once.ts'
export { type GuardedHandler, protect } from './web.ts'
