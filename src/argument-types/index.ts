export { answersOf } from './answers/of-operation.ts'
export { ShapeReader } from './answers/read-shapes.ts'
export { type AnswerShape, type AnswerShapes, reach, type ShapeKind } from './answers/shape.ts'
export { selectShapes, selectShapesText, shapesText, writeShapes } from './answers/shape-store.ts'
export {
  type Argument,
  type ArgumentLocation,
  type ArgumentSchema,
  type ArgumentType,
  type BodyForm,
  type Field,
  isOptional,
  type ScalarType,
  type Untyped,
} from './argument.ts'
export { bad, isList, objectAt, textAt } from './openapi/document.ts'
export { readInputSchema, schemaOf } from './openapi/input-schema.ts'
export { isUsableName, OperationReader, ParseBudget, untyped } from './openapi/reader.ts'
export { OUTSIDE, resolve } from './openapi/references.ts'
export { readSchema } from './openapi/schema.ts'
export { pairsIn, type TypedResult, typeArguments } from './type-arguments.ts'
export { typeText as typeScalar } from './type-scalar.ts'
export { summarizeUntyped, type UntypedSummary, untypedParts } from './untyped.ts'
