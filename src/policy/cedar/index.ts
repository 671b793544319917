export { type Annotations, policyDigest, readAnnotations } from './annotations.ts'
export { cedarWasm } from './cedar-wasm.ts'
export {
  type AnnotatedJson,
  exactJson,
  policyToJson,
  readExactJson,
  readForWasm,
  templateToJson,
} from './exact-integers.ts'
export { Findings, invalidPolicies, type Mistake, type Validation } from './findings.ts'
export { readObligations } from './obligations.ts'
export { type ParsedPolicy, parsePolicies, rememberParsed } from './parse.ts'
export { idOf } from './policy-id.ts'
export {
  nesting,
  offsetOfByte,
  type PolicyPiece,
  positionAt,
  splitPolicies,
  withoutPieces,
} from './policy-text.ts'
export { BadLink, isLink, isTemplate, templateOf } from './templates/link-text.ts'
export { type LinkedTemplate, Templates, withTemplate } from './templates/templates.ts'
export type { RuleChange } from './texts/compare.ts'
export { formatText } from './texts/format.ts'
export { idsAt } from './texts/ids-at.ts'
export { compareInWorker, formatInWorker, parseInWorker } from './worker-tasks.ts'
