export { Answers } from './answers/answers.ts'
export { type AnswerShape, reach, type ShapeKind } from './answers/shape.ts'
export {
  type Argument,
  type ArgumentSchema,
  type ArgumentType,
  type Field,
  isOptional,
  type ScalarType,
  type Untyped,
} from './argument.ts'
export {
  ACTION_GROUPS,
  actionsOfRequests,
  detailsForScope,
  expandGroups,
  type FromScope,
  groupsOf,
} from './authority.ts'
export { Catalog, type CatalogView, kindAt, viewOf } from './catalog.ts'
export {
  selectActions as listActions,
  selectResource as findResource,
  selectResources as listResources,
} from './catalog-store.ts'
export { acceptRisks, setRisk, setSentence, templateDigest } from './change-action.ts'
export { RULES, rulesEpoch } from './change-catalog.ts'
export { addEnforcer, type EnforcerParts } from './enforcers/add-enforcer.ts'
export type { Enforcer } from './enforcers/enforcer.ts'
export { selectEnforcers as listEnforcers } from './enforcers/enforcer-store.ts'
export { identifyEnforcer } from './enforcers/identify-enforcer.ts'
export { revokeEnforcer } from './enforcers/revoke-enforcer.ts'
export { applyImport, type Imported, previewImport } from './import/apply-import.ts'
export { planImportAside } from './import/plan-import-aside.ts'
export { isMark, type Mark, setMark } from './marks.ts'
export { type Match, matchAction } from './match-action.ts'
export { type AuthzenMapping, authzenMapping } from './mcp/authzen-mapping.ts'
export { knownNames } from './mcp/known-names.ts'
export { planMcpImport } from './mcp/plan-mcp-import.ts'
export { planMcpImportAside } from './mcp/plan-mcp-import-aside.ts'
export { trustMappings } from './mcp/trust-mappings.ts'
export { bundleDocument } from './openapi/bundle.ts'
export { isPaging } from './paging.ts'
export type { CatalogParts } from './parts.ts'
export {
  checkAddress,
  type ImportOptions,
  type ImportPlan,
  type PlannedResource,
} from './plan-resource.ts'
export {
  type Accepted,
  type Action,
  acceptedSince,
  countedAccess,
  countedRisk,
  isRisk,
  movesTo,
  type PinnedDefinition,
  type PinnedServer,
  type Resource,
  RISKS,
} from './resource.ts'
export { acceptOffers, type OfferAnswer, rejectOffers } from './review/accept-offers.ts'
export { differences, type FieldDifference } from './review/differences.ts'
export { type Noticed, noticeOffered, type ReviewNotice } from './review/notice.ts'
export type { Offer } from './review/offer.ts'
export { countWaitingOffers, selectOffers as listOffers } from './review/offer-store.ts'
export { checkSentence, renderSentence, renderValue } from './sentence.ts'
export { setTokens, type TokenWish } from './set-tokens.ts'
export {
  type ResourceChange,
  removeResource,
  resumeResource,
  setConnection,
  suspendResource,
} from './suspend-resource.ts'
export { type GivenArguments, type TypedResult, typeArguments } from './type-arguments.ts'
export { typeText as typeScalar } from './type-scalar.ts'
export { summarizeUntyped, type UntypedSummary } from './untyped.ts'
