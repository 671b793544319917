/** Explanations of decisions: why a call was answered as it was, for the person and for operators. */
export {
  type Explanation,
  explain,
  type OperatorExplanation,
  type OperatorGate,
} from './explain.ts'
export { explainGates } from './explain-gates.ts'
