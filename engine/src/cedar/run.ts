import type { EntityStore } from './entities.ts'
import { wrongType } from './extensions.ts'
import { EvaluationFailure } from './failure.ts'
import type { EntityUid, RecordValue, Value } from './value.ts'

/** Question to a compiled policy. */
export interface Run {
  readonly principal: EntityUid
  readonly action: EntityUid
  readonly resource: EntityUid
  readonly context: RecordValue
  readonly entities: EntityStore
}

/** Throws `EvaluationFailure`. */
export type Evaluation = (run: Run) => Value
/** Function that evaluates an expression which can only be true or false. */
export type Test = (run: Run) => boolean

/** A compiled expression. */
export type Part =
  /** Never fails, and is the same for every run. */
  | { readonly kind: 'constant'; readonly run: Evaluation; readonly value: Value }
  | { readonly kind: 'test'; readonly run: Test }
  | { readonly kind: 'any'; readonly run: Evaluation }

export function constant(value: Value): Part {
  return { kind: 'constant', run: () => value, value }
}

export function test(run: Test): Part {
  return { kind: 'test', run }
}

export function any(run: Evaluation): Part {
  return { kind: 'any', run }
}

/** Turns a part into a truth value; what is none fails when it is looked at. */
export function asTest(part: Part): Test {
  if (part.kind === 'test') return part.run
  if (part.kind === 'constant' && typeof part.value === 'boolean') {
    const { value } = part
    return () => value
  }
  const { run } = part
  return (at) => {
    const value = run(at)
    if (typeof value === 'boolean') return value
    throw wrongType('bool', value)
  }
}

/**
 * Works out at once an expression that looks at nothing but its parts, where they are constants.
 * INVARIANT: where that fails, it fails when it is evaluated, and only then: a part that is never
 * reached must not take its policy with it.
 */
export function folded(parts: readonly Part[], made: Part): Part {
  if (!parts.every(({ kind }) => kind === 'constant')) return made
  try {
    return constant(made.run(NO_RUN))
  } catch (error) {
    if (error instanceof EvaluationFailure) return made
    throw error
  }
}

/** INVARIANT: never looked at, because only constants are evaluated with it. */
const NO_RUN = Object.freeze({}) as Run // as: see the invariant
