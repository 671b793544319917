/** Expressions in the Common Expression Language, with a bound on what one may take that is known before it is evaluated. */
export type { Node } from './cost.ts'
export { type ExpressionScope, Expressions } from './expressions.ts'
export { type CelValue, toCel, UnmappableCall } from './values.ts'
