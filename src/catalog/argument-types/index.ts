export { answersOf } from './answers/of-operation.ts'
export { ShapeReader } from './answers/read-shapes.ts'
export { type AnswerShape, type AnswerShapes, reach, type ShapeKind } from './answers/shape.ts'
export { selectShapes, selectShapesText, shapesText, writeShapes } from './answers/shape-store.ts'
export { BYTES, bodyKind, FILE } from './bodies.ts'
export {
  argumentsSoFar,
  COMPLETE,
  completionResult,
  isCompleted,
  readCompletion,
} from './completion.ts'
export { badDocument, objectAt, textAt } from './openapi/document.ts'
export { fieldsSchema, readInputSchema } from './openapi/input-schema.ts'
export { isUsableName, OperationReader, ParseBudget, untyped } from './openapi/reader.ts'
export { OUTSIDE, resolve } from './openapi/references.ts'
export { readOpenapiSchema } from './openapi/schema.ts'
export { parsedDefinition } from './parsed-definition.ts'
export { type TypedResult, typeArguments, typeScalar } from './type-arguments.ts'
export { summarizeUntyped, type UntypedSummary, untypedParts } from './untyped.ts'
