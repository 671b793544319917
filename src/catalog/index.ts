export { Answers } from './answers/answers.ts'
export { reach, type ShapeKind } from './answers/shape.ts'
export {
  type Argument,
  type ArgumentType,
  type Field,
  isOptional,
  type ScalarType,
} from './argument.ts'
export {
  ACTION_GROUPS,
  actionsOfRequests,
  detailsForScope,
  expandGroups,
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
export { addEnforcer } from './enforcers/add-enforcer.ts'
export type { Enforcer } from './enforcers/enforcer.ts'
export { selectEnforcers as listEnforcers } from './enforcers/enforcer-store.ts'
export { identifyEnforcer } from './enforcers/identify-enforcer.ts'
export { revokeEnforcer } from './enforcers/revoke-enforcer.ts'
export { applyImport, type Imported, previewImport } from './import/apply-import.ts'
export { planImportAside } from './import/plan-import-aside.ts'
export { setMark } from './marks.ts'
export { matchAction } from './match-action.ts'
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
  type Action,
  acceptedSince,
  countedAccess,
  countedRisk,
  isRisk,
  movesTo,
  type PinnedDefinition,
  type Resource,
} from './resource.ts'
export { acceptOffers, rejectOffers } from './review/accept-offers.ts'
export { differences, type FieldDifference } from './review/differences.ts'
export { noticeOffered } from './review/notice.ts'
export type { Offer } from './review/offer.ts'
export { countWaitingOffers, selectOffers as listOffers } from './review/offer-store.ts'
export { renderSentence } from './sentence.ts'
export { setTokens } from './set-tokens.ts'
export {
  removeResource,
  resumeResource,
  setConnection,
  suspendResource,
} from './suspend-resource.ts'
export { type TypedResult, typeArguments } from './type-arguments.ts'
export { typeText as typeScalar } from './type-scalar.ts'
export { summarizeUntyped } from './untyped.ts'
