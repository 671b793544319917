import { CallFailed, Denied } from '../errors.ts'
import type { OnApproval } from './approval.ts'
import type { Budget, Detail } from './authority.ts'
import { delegating } from './authority.ts'
import { askAbout, type TaskConnection } from './held.ts'
import { ResourceTokens } from './resource-tokens.ts'
import { fetchAs, type TaskCallParts, type TaskRequestInit } from './task-fetch.ts'

/** Task that a child is wanted for, and its authority. */
export interface ChildWish {
  /** Agent that is to redeem the ticket. */
  readonly agent: string
  /** No more than this task may hand on. */
  readonly details: readonly Detail[]
  /** Details that the child may hand on itself. Default: the same as its details. */
  readonly mayDelegate?: readonly Detail[]
  readonly purpose: string
  /** A space below that of this task; else where this task is. */
  readonly space?: string
  readonly budget?: Budget
  /** Never longer than this task. */
  readonly lifeSeconds?: number
}

/** Details that a task was not given. */
export interface MissingDetails {
  readonly details: readonly Detail[]
  readonly interactionUri: string | undefined
}

/**
 * One piece of delegated work, open until it is closed. Its key is made for it and leaves the process with it. Get one from
 * `openTask` or `redeemTicket`, and let `await using` close it.
 */
export class Task {
  /** `tsk_…` */
  readonly id: string
  /** Details that were granted, which may be less than what was asked for. */
  readonly details: readonly Detail[]
  /** Details that were asked for and not granted, and the page on which the person can allow them, if there is one. */
  readonly missing: MissingDetails
  readonly #calling: TaskCallParts

  /** Not for you: `openTask` and `redeemTicket` know what belongs here. */
  constructor(
    held: TaskConnection,
    details: readonly Detail[],
    onApproval: OnApproval,
    missing: MissingDetails = { details: [], interactionUri: undefined },
  ) {
    this.id = held.id
    this.missing = missing
    this.details = details
    const resources = new Set(details.flatMap(({ locations }) => locations))
    this.#calling = { held, tokens: new ResourceTokens(held), resources, onApproval }
  }

  /**
   * `fetch`, as this task: with a token for the resource that the address belongs to and a fresh proof for every request. A
   * nonce that is asked for, and a token that is not accepted any more, cost one more request, unnoticed.
   * Redirects are not followed.
   * @throws {ApprovalRequired} unless `onApproval` says to wait
   * @throws {AlreadyExecuted} {Denied} {CallFailed} {UsageError}
   */
  fetch(input: string | URL | Request, init: TaskRequestInit = {}): Promise<Response> {
    return fetchAs(this.#calling, input, init)
  }

  /**
   * A ticket with which another agent opens a task below this one: once, within a minute. Hand it over; it is no secret that
   * helps anyone else.
   * @throws {Denied} `task.beyond_parent` and the like
   */
  async child(wish: ChildWish): Promise<string> {
    const { agent, budget, lifeSeconds, purpose, space } = wish
    const { ticket } = await askAbout(this.#calling.held, {
      method: 'POST',
      path: '/children',
      body: {
        agent,
        purpose,
        authorization_details: delegating(wish.details, wish.mayDelegate),
        ...(budget === undefined ? {} : { budget }),
        ...(space === undefined ? {} : { space }),
        ...(lifeSeconds === undefined ? {} : { requested_lifetime: lifeSeconds }),
      },
    })
    if (typeof ticket !== 'string')
      throw new CallFailed('server.unreadable', 'there is no ticket in the answer', {
        effect: 'none',
      })
    return ticket
  }

  /** Ends the task and everything below it, for good. When it has returned, no replica of Remit permits any more. */
  async close(): Promise<void> {
    try {
      await askAbout(this.#calling.held, { method: 'DELETE', path: '' })
    } catch (error) {
      if (!(error instanceof Denied && ENDED.has(error.code))) throw error
    }
  }

  /** `await using task = await openTask(…)` closes it, whatever happens in between. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Someone else was quicker, or the deadline. */
const ENDED = new Set(['task.closed', 'task.already_closed', 'token.expired'])
