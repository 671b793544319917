/** `@remit/engine`: authority algebra and the gates of a decision. No dependency, no clock, no I/O. */

export type { ArgumentKind, Call, KindOf, TypedArguments, TypedValue } from './arguments.ts'
export { argumentAt } from './arguments.ts'
export { askFor, uniqueForbids } from './ask.ts'
export {
  actionStore,
  type CedarPolicySetJson,
  type CedarRequest,
  CheckedPolicies,
  type CompiledPolicies,
  CompileError,
  type ConditionTrace,
  cedarRequest,
  compilePolicies,
  contextTerm,
  type DeclaredShapes,
  type Entity,
  type EntityShape,
  type EntityShapeJson,
  type EntityStore,
  type EntityUidJson,
  EXPRESSION_LIMITS,
  entitiesFromJson,
  entityRef,
  entityShapeFromJson,
  entityShapeToJson,
  entityStore,
  entityValue,
  type Field,
  PolicyCompiler,
  type PolicyJson,
  type PolicyTrace,
  type RecordShape,
  type RecordValue,
  type RequestShape,
  type RequestShapeJson,
  recordOfShape,
  recordValue,
  requestShapeFromJson,
  requestShapeToJson,
  type Shape,
  shapeOf,
  type TemplateLinkJson,
  type TracedCall,
  tracedCall,
  tracePolicy,
  type Value,
  valueFromJson,
  withAttributes,
} from './cedar/index.ts'
export { contains, containsByType } from './contains.ts'
export { type CallableAction, couldPermit, type ReachFacts } from './could-permit.ts'
export { type Coverage, covers } from './covers.ts'
export { decide, stopEarly } from './decide.ts'
export type { Bound, Detail, DetailType, Operator } from './detail.ts'
export { asCalls, asDelegates, callsIn, DETAIL_LIMITS, delegatesIn } from './detail.ts'
export { type ExactValue, exact } from './exact.ts'
export { fits } from './fits.ts'
export type {
  Ask,
  BudgetPeek,
  CallFacts,
  Decision,
  Deny,
  ExternalAnswer,
  ForbidRef,
  GateName,
  GateResult,
  Permit,
  RequestableDeny,
} from './gates.ts'
export { GATES } from './gates.ts'

export { type GrantLimits, granted } from './granted.ts'
export { intersect } from './intersect.ts'
export {
  type Issuance,
  type IssuanceFacts,
  type IssuanceJudgment,
  issuable,
  issuanceQueries,
} from './issuable.ts'
export { keepEntities } from './kept-entities.ts'
export { misfit } from './misfit.ts'
export { STEP_UP } from './obligations.ts'
export {
  type ParsedAuthority,
  type ParsedDetails,
  parseAuthority,
  parseDetails,
} from './parse-details.ts'
export type {
  CallableActions,
  EntityRef,
  EscalationStep,
  Obligation,
  Omission,
  PolicyAnswer,
  PolicyEntity,
  PolicyQuery,
  PolicyRecord,
  PolicySet,
  PolicyValue,
  Requestable,
  StepUp,
} from './policy.ts'
export { policyArguments } from './policy-value.ts'
export { queriesOf } from './principals.ts'
export {
  type ActionMatch,
  ARGUMENT_LIMITS,
  type Argument,
  type ArgumentFault,
  type ArgumentField,
  type ArgumentLocation,
  type ArgumentMisfit,
  type ArgumentSchema,
  type ArgumentType,
  type BodyForm,
  cutSegment,
  foldName,
  type GivenArguments,
  type GivenJson,
  isOptional,
  MAX_COMPARED,
  matchAction,
  neededOfBody,
  type Pair,
  parseTemplate,
  type RecordType,
  type RoutedAction,
  type ScalarType,
  type SetType,
  type TemplateSegment,
  type TypedType,
  templateShape,
  typeArguments,
  typeText,
  typeValue,
  type UntypedPart,
  type UntypedType,
  writeArgument,
} from './requests/index.ts'
export { RISKS, type Risk } from './risk.ts'
export { unmetStepUp } from './unmet-step-up.ts'
export { boundInWords, detailInWords } from './words.ts'
