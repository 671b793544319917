import { Problem } from '../lib/problem.ts'

/** Error of an engine when a statement broke a rule of the schema. `code` is the engine's own. */
export class StatementError extends Error {
  readonly code: string
  /** The statement would have made a second row where only one may be. */
  readonly duplicate: boolean

  constructor(message: string, code: string, duplicate: boolean) {
    super(message)
    this.name = 'StatementError'
    this.code = code
    this.duplicate = duplicate
  }
}

/** True when a transaction failed because a row with that key was there already, on either engine. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof StatementError && error.duplicate
}

const uncertain = new WeakSet<Problem>()

/** Makes the error of a transaction that may have taken place. */
export function uncertainCommit(detail: string, cause?: unknown): Problem {
  const problem = unavailable(detail, cause)
  uncertain.add(problem)
  return problem
}

/** True when a transaction may have taken place although it failed. */
export function isUncertain(error: unknown): boolean {
  return error instanceof Problem && uncertain.has(error)
}

export function unavailable(detail: string, cause?: unknown): Problem {
  return new Problem('storage.unavailable', detail, { cause })
}
