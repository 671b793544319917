export { type Ever, type EverRule, EverSet } from './analysis/ever-set.ts'
export { ExplainedQuery, type ExplainedRule, type NearPermit } from './analysis/explain-query.ts'
export { RulesOf } from './analysis/rules-of.ts'
export type { TestSource } from './cases/case.ts'
export { argumentsByName, type GivenByName } from './cases/named-arguments.ts'
export type { FailedCase } from './cases/run-cases.ts'
export { runCasesAside } from './cases/run-cases-aside.ts'
export { checkPolicies } from './check.ts'
export { Declarations } from './declarations.ts'
export { type GrantName, ISSUE_ACTIONS, readIssueAction } from './issuance/actions.ts'
export { CLOSED } from './issuance/closed.ts'
export { loadAside, loadPolicySet } from './load.ts'
export { checkOnlySetAside } from './only/check-set-aside.ts'
export type { EntityReference, OnlyQuestion } from './only/loaded-set.ts'
export type { OnlySet } from './only/only-set.ts'
export { OnlySets } from './only/only-sets.ts'
export { publishOnlySet } from './only/publish-set.ts'
export { findOnlySet, latestOnlySet, listOnlySets } from './only/set-store.ts'
export type { PolicyParts } from './parts.ts'
export { type AnsweredRequest, OnlyAnswering, type OnlyAnsweringParts } from './peps/answering.ts'
export {
  addPep,
  addPepKey,
  addPepSecret,
  changePep,
  endPepCredential,
  type PepParts,
  revokePep,
} from './peps/change-pep.ts'
export { type KnownPep, Peps, type PresentedPep } from './peps/identify-pep.ts'
export type { Pep, PepCredential } from './peps/pep.ts'
export {
  selectCredentials as listPepCredentials,
  selectPep as findPep,
  selectPeps as listPeps,
} from './peps/pep-store.ts'
export { attributeRecord } from './person-attributes.ts'
export { Policies } from './policies.ts'
export { findSet, type ListedSet, latestSet, listSets } from './policy-store.ts'
export { type Published, publishAgain, publishPolicies } from './publish.ts'
export { actionSchemas, schemaFor, schemaInSteps } from './schema.ts'
export { placeOf, type SourceFile } from './source-files.ts'
export { entitiesOf, type Scope } from './statics/rule.ts'
export { validatePolicies } from './validate.ts'
export { validateAside } from './validate-aside.ts'
