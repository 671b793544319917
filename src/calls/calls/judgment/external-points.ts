import type { ExternalAnswer } from '@remit/engine'
import type { TokenParties } from '../../../identity/tokens/index.ts'
import type { Awaitable } from '../../../platform/lib/pipeline.ts'
import type { Call, Setting } from '../../../tasks/facts/index.ts'
import type { Assessment } from '../../../tasks/risk/index.ts'
import type { TaskLineage } from '../../../tasks/tasks/index.ts'

/**
 * Decision points of others, which are asked along. Their answers can only reduce what is permitted. The caller has read the view that
 * watches over `RULES` before.
 */
export interface ExternalPoints {
  /**
   * Asks all decision points that are for this call, at the same time. Never throws for what they do: an answer that is not clear is a
   * failure, and denies.
   */
  answers(about: EvaluatedSubject): Awaitable<readonly ExternalAnswer[]>
  /** Tells whether a decision point is for calls of this action. */
  judge(call: ActionNames): Awaitable<boolean>
}

/** Names of an action and its resource. */
export interface ActionNames {
  readonly resource: string
  readonly action: string
}

/** Call that a decision point is asked about, and what is known of it. */
export interface EvaluatedSubject {
  readonly decisionId: string
  readonly at: number
  readonly call: Call
  readonly held: TaskLineage
  readonly setting: Pick<Setting, 'person' | 'agents'>
  readonly risk: Assessment
  readonly says: CallerToken
}

/** Content of the token of the caller. */
export interface CallerToken {
  readonly issuer: string
  readonly parties: TokenParties
  /** Verified. */
  readonly claims: { readonly task: { readonly id: string; readonly ep: string } }
}

const NONE: readonly ExternalAnswer[] = []

/** No decision points: calls are decided here alone. */
export const NO_POINTS: ExternalPoints = { answers: () => NONE, judge: () => false }
