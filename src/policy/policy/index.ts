export { type EverAnswer, type EverRule, EverSet } from './analysis/ever-set.ts'
export { ExplainedQuery, type ExplainedRule, type NearPermit } from './analysis/explain-query.ts'
export { RulesOf } from './analysis/rules-of.ts'
export type { TestSource } from './cases/case.ts'
export { argumentsByName, type GivenByName } from './cases/named-arguments.ts'
export type { FailedCase } from './cases/run-cases.ts'
export { checkPolicies } from './check.ts'
export { Declarations } from './declarations.ts'
export { type GrantName, ISSUE_ACTIONS, readIssueAction } from './issuance/actions.ts'
export { CLOSED } from './issuance/closed.ts'
export { loadPolicySet, loadWithWorker } from './load.ts'
export { attributeRecord } from './person-attributes.ts'
export { Policies } from './policies.ts'
export {
  findSet,
  type ListedSet,
  latestSet,
  listSets,
  placeInFiles,
  type SourceFile,
} from './policy-store.ts'
export { type PolicyParts, type PublishResult, publishAgain, publishPolicies } from './publish.ts'
export { actionSchemas, schemaFor, schemaInSteps } from './schema.ts'
export { entitiesOf, type Scope } from './statics/rule.ts'
export { POLICY_LIMITS, validatePolicies } from './validate.ts'
export { runCasesInWorker, validateInWorker } from './worker-tasks.ts'
