/**
 * A policy that cannot be evaluated: what Cedar calls an evaluation error. Thrown by compiled policies and caught where they are
 * asked, so it has no stack: taking one would be most of its cost.
 */
export class EvaluationFailure {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/**
 * A policy that cannot be compiled: it holds something that is not known here, or too much of it.
 */
export class CompileError extends Error {
  override readonly name = 'CompileError'
  /** Id of the policy, template or link. */
  readonly policy: string
  /** Place in its JSON, e.g. `/conditions/0/body/&&/left`. */
  readonly path: string

  constructor(policy: string, path: string, words: string) {
    super(`${policy} ${path}: ${words}`)
    this.policy = policy
    this.path = path
  }
}
