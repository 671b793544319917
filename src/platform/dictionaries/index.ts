/** Static dictionaries: stored JSON whose phrases are one byte each. */
export { Dictionary, MAX_PHRASES } from './dictionary.ts'
export { COMMITTED_VALUES, DECISION_INPUTS, EXPLANATIONS, RECORDS } from './phrases.ts'
