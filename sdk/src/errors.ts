/** An access request: a call that people have to approve before it goes through. */
export interface PendingApproval {
  /** `req_…` */
  readonly id: string
  /** Page on which people answer. Show it to someone who may. */
  readonly page: string
  /** Time when waiting for an answer ends; that denies. */
  readonly expiresAt: Date
}

/** Facts of a refusal. */
export interface RefusalFacts {
  /** Stable, such as `task.not_covered`. Remit's have pages in its documentation, those of this package are in its README. */
  readonly code: string
  /** Description of what happened, in words that a model can act on. */
  readonly detail: string
  readonly status: number
  /** Authority that would have been enough. */
  readonly enough?: string | undefined
  /** `dec_…`: `remit decisions explain` says why. */
  readonly decisionId?: string | undefined
  /** Seconds after which the same call fits again, where nothing but time is missing. */
  readonly retryAfter?: number | undefined
  /** The protocol's own code, at the token endpoint (RFC 6749 section 5.2). */
  readonly oauthError?: string | undefined
  /** The answer as it came; its body can still be read. */
  readonly response?: Response | undefined
  readonly cause?: unknown
}

/** The root of everything this package throws on purpose. */
export class RemitError extends Error {
  /** Stable, such as `task.not_covered`. */
  readonly code: string
  /** Description of what happened, in words that a model can act on. */
  readonly detail: string

  constructor(code: string, detail: string, options: { cause?: unknown } = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RemitError'
    this.code = code
    this.detail = detail
  }

  /** Says what happened in words for the model, as the result of a tool. */
  forModel(): string {
    return `FAILED (${this.code}): ${this.detail}`
  }
}

/** There, but not printed with the error: an answer is a page long and hides what matters. */
function hide(error: RemitError, name: 'response'): void {
  Object.defineProperty(error, name, { enumerable: false })
}

/**
 * Remit refused: an opening, a token, a call. Nothing was executed. Asking again in the same way gets the same answer; `enough`
 * says what would get another one.
 */
export class Denied extends RemitError {
  readonly status: number
  /** Authority that would have been enough, when that can be said. */
  readonly enough: string | undefined
  /** The decision, when there was one: `remit decisions explain dec_…`. */
  readonly decisionId: string | undefined
  /** Seconds after which the same call fits again, where nothing but time is missing. */
  readonly retryAfter: number | undefined
  /** The protocol's own code, at the token endpoint (RFC 6749 section 5.2). */
  readonly oauthError: string | undefined
  /** The answer as it came; its body can still be read. */
  readonly response: Response | undefined

  constructor(facts: RefusalFacts) {
    super(facts.code, facts.detail, { cause: facts.cause })
    this.name = 'Denied'
    this.status = facts.status
    this.enough = facts.enough
    this.decisionId = facts.decisionId
    this.retryAfter = facts.retryAfter
    this.oauthError = facts.oauthError
    this.response = facts.response
    hide(this, 'response')
  }

  override forModel(): string {
    const enough = this.enough ? `\nWhat would be enough: ${this.enough}` : ''
    const later = this.retryAfter ? `\nThe same call fits again in ${this.retryAfter} s.` : ''
    return `DENIED, not executed (${this.code}): ${this.detail}${enough}${later}`
  }
}

/** The call was not executed; people can let it through. After they did, the same call goes through once. */
export class ApprovalRequired extends Denied {
  readonly request: PendingApproval
  readonly #wait: (signal?: AbortSignal) => Promise<void>

  constructor(
    facts: RefusalFacts,
    request: PendingApproval,
    wait: (signal?: AbortSignal) => Promise<void>,
  ) {
    super(facts)
    this.name = 'ApprovalRequired'
    this.request = request
    this.#wait = wait
  }

  /**
   * Waits until people have approved; then make the same call again.
   * @throws {Denied} when they denied, or no one answered in time
   */
  wait(signal?: AbortSignal): Promise<void> {
    return this.#wait(signal)
  }

  override forModel(): string {
    const { expiresAt, page } = this.request
    return [
      `PENDING, not executed (${this.code}): ${this.detail}`,
      `A person can approve exactly this call until ${expiresAt.toISOString()} at ${page}`,
      'Tell them, then make the same call again with the same arguments.',
    ].join('\n')
  }
}

/** Error because the same call was approved and executed before; it was not executed again. */
export class AlreadyExecuted extends Denied {
  /**
   * State of that execution: `answered`, `failed`, `indeterminate`, or `sending` while it goes on.
   */
  readonly state: string
  /** Status that the API answered then. */
  readonly upstreamStatus: number | undefined
  readonly #askAgain: () => Promise<PendingApproval>

  constructor(
    facts: RefusalFacts,
    execution: {
      readonly state: string
      readonly upstreamStatus: number | undefined
      readonly askAgain: () => Promise<PendingApproval>
    },
  ) {
    super(facts)
    this.name = 'AlreadyExecuted'
    this.state = execution.state
    this.upstreamStatus = execution.upstreamStatus
    this.#askAgain = execution.askAgain
  }

  /** Asks people to let the same call through once more. */
  askAgain(): Promise<PendingApproval> {
    return this.#askAgain()
  }

  override forModel(): string {
    if (this.state === 'sending')
      return [
        `ALREADY UNDER WAY, not again (${this.code}): ${this.detail}`,
        'The outcome of that execution is not known yet. Do not repeat the call to find out.',
      ].join('\n')
    const answered = this.upstreamStatus ? `, answered ${this.upstreamStatus}` : ''
    return [
      `ALREADY EXECUTED, not again (${this.code}): ${this.detail}`,
      `That execution: ${this.state}${answered}. Do not repeat the call to find out more.`,
    ].join('\n')
  }
}

/** The person has not agreed yet that this agent does this for them. Send them to `interactionUri`, then open again. */
export class ConsentRequired extends Denied {
  /** The page where the person says yes or no. */
  readonly interactionUri: string

  constructor(facts: RefusalFacts, interactionUri: string) {
    super(facts)
    this.name = 'ConsentRequired'
    this.interactionUri = interactionUri
  }
}

/** The person has to sign in again: nothing is stored, it has expired, or they ended it at the identity provider. */
export class SignInRequired extends Denied {
  constructor(detail: string, status = 401) {
    super({ code: 'sign_in.required', detail, status })
    this.name = 'SignInRequired'
  }
}

/**
 * Something on the way failed: Remit or the API behind it could not be reached, or answered in a way that cannot be read.
 * `effect` says whether the call may have been executed.
 */
export class CallFailed extends RemitError {
  readonly status: number | undefined
  readonly decisionId: string | undefined
  /** `none`: provably nothing was executed. `unknown`: look before you repeat it. */
  readonly effect: 'none' | 'unknown'
  /** The answer as it came; its body can still be read. */
  readonly response: Response | undefined

  constructor(
    code: string,
    detail: string,
    facts: {
      readonly effect: 'none' | 'unknown'
      readonly status?: number | undefined
      readonly decisionId?: string | undefined
      readonly response?: Response | undefined
      readonly cause?: unknown
    },
  ) {
    super(code, detail, { cause: facts.cause })
    this.name = 'CallFailed'
    this.status = facts.status
    this.decisionId = facts.decisionId
    this.effect = facts.effect
    this.response = facts.response
    hide(this, 'response')
  }

  override forModel(): string {
    const known =
      this.effect === 'none' ? 'nothing was executed' : 'it may have been executed: look first'
    return `FAILED, ${known} (${this.code}): ${this.detail}`
  }
}

/** The package was used in a way that cannot work; the message says what to change. */
export class UsageError extends RemitError {
  constructor(detail: string) {
    super('sdk.usage', detail)
    this.name = 'UsageError'
  }
}
