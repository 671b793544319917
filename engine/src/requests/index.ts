/** Requests to an API: which action one means, and its arguments as the catalog types them. */
export {
  ARGUMENT_LIMITS,
  type Argument,
  type ArgumentLocation,
  type ArgumentSchema,
  type ArgumentType,
  type BodyForm,
  type Field as ArgumentField,
  isOptional,
  type RecordType,
  type ScalarType,
  type SetType,
  type TypedType,
  type UntypedPart,
  type UntypedType,
} from './argument.ts'
export { MAX_COMPARED } from './counted-work.ts'
export type { GivenJson } from './given-json.ts'
export { foldName } from './look-alike.ts'
export { type ActionMatch, matchAction, type RoutedAction } from './match-action.ts'
export { type Pair, type PairValue, writeArgument } from './pairs.ts'
export { cutSegment, parseTemplate, type TemplateSegment, templateShape } from './path-template.ts'
export type { ArgumentFault, ArgumentMisfit } from './refusal.ts'
export {
  type GivenArguments,
  neededOfBody,
  type TypedResult,
  typeArguments,
} from './type-arguments.ts'
export { typeText } from './type-scalar.ts'
export { typeValue } from './type-value.ts'
