/** Allowances in words: how people choose them on forms, and read them. */

export {
  choiceFromFields,
  choiceFromText,
  choiceText,
  type PartField,
  partFields,
  SCOPES,
  type ScopeName,
} from './allowance-fields.ts'
export type { PatternMode } from './pattern.ts'
export { argumentName, describeConstraint, patternInWords } from './words.ts'
