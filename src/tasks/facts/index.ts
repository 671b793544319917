/** Facts that grants and calls share, as of an epoch: who stands behind a task, and what holds for it. */

export type { Call } from './call.ts'
export { authenticationOf, callable, factsAround } from './call-facts.ts'
export { prepareClaims } from './claim-expressions.ts'
export { contextOf, contextsOf } from './context.ts'
export { delegationCeiling, mayHandOn } from './delegation-ceiling.ts'
export {
  agentEntity,
  groupEntities,
  personEntity,
  resourceEntity,
  spaceEntities,
} from './entities.ts'
export { type ApplicableLimits, Facts } from './facts.ts'
export {
  alsoKeys,
  alsoLiveness,
  callKeys,
  certifiedAt,
  IDLE,
  livenessNow,
  livenessOf,
  openingKeys,
  PAST_DEADLINE,
  settingLiveness,
} from './liveness.ts'
export { isSubject, minting, tokenParties, tokenSubject } from './minting.ts'
export { ownTokens, unusableBearer } from './own-tokens.ts'
export type { FactParts } from './parts.ts'
export { setClaims } from './set-claims.ts'
export type { Setting } from './setting.ts'
export { intersecting, requesterOf, type SpaceContext, spaceDenial } from './space-context.ts'
export { isKeyOf, PROOF_GUARD, proofStep } from './task-proof.ts'
