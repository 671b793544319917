/** Cedar, compiled: from the official tools' JSON form to closures behind an index. No dependency, no clock, no I/O. */

export {
  actionStore,
  CheckedPolicies,
  cedarRequest,
  type DeclaredShapes,
  shapeOf,
} from './checked-policies.ts'
export { compilePolicies, contextTerm, MAX_POLICIES, PolicyCompiler } from './compile.ts'
export type { CedarRequest, CompiledPolicies } from './compiled-policies.ts'
export { type Entity, type EntityStore, entityStore } from './entities.ts'
export { EXPRESSION_LIMITS } from './expression.ts'
export { CompileError } from './failure.ts'
export type { CedarPolicySetJson, EntityUidJson, PolicyJson, TemplateLinkJson } from './json.ts'
export { withAttributes } from './overlay.ts'
export { entityRef, entityValue, recordOfShape, recordValue } from './policy-values.ts'
export type { EntityShape, Field, RecordShape, RequestShape, Shape } from './shape.ts'
export {
  type EntityShapeJson,
  entityShapeFromJson,
  entityShapeToJson,
  type RequestShapeJson,
  requestShapeFromJson,
  requestShapeToJson,
} from './shape-json.ts'
export {
  type ConditionTrace,
  type Mismatch,
  type PolicyTrace,
  type TracedCall,
  tracedCall,
  tracePolicy,
} from './trace.ts'
export type { RecordValue, Value } from './value.ts'
export { entitiesFromJson, valueFromJson } from './value-json.ts'
