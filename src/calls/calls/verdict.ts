import type { CallFacts, GateResult, Obligation } from '@remit/engine'
import type { AccessRequest } from '../../approvals/access-requests/index.ts'
import type { EditedArgument } from '../../approvals/call-edits/index.ts'
import type { TransactionGrant } from '../../identity/tokens/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import type { ProblemCode } from '../../platform/lib/problem.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import type { AnswerPart } from '../../tasks/budgets/index.ts'
import type { Challenge } from '../../tasks/decision-log/index.ts'
import type { KnownCase } from './case.ts'
import type { DecisionInputsWithLimits } from './judgment/decision-inputs.ts'

type Answer = PermitVerdict | DenyVerdict | Requestable | ExecutedVerdict

/**
 * The answer to one call; `Verdict<'permit'>`: only those with that outcome. A value; an error that is thrown instead is a failure of ours, and
 * nothing was permitted.
 */
export type Verdict<O extends Answer['outcome'] = Answer['outcome']> = Extract<
  Answer,
  { readonly outcome: O }
>

/**
 * The call may be made, once: proof, approval and intent are durable. Ask `stillLive` in the tick that writes the first
 * byte, and say the outcome whatever happens.
 */
export interface PermitVerdict {
  readonly outcome: 'permit'
  readonly decisionId: Id<'decision'>
  /** The represented person; when no person is present (`transactionClaims.parties` names none), the sponsor. */
  readonly person: { readonly id: Id<'person'>; readonly issuer: string; readonly subject: string }
  /** The agent that acts, and all that stand behind it, this one first. */
  readonly agent: string
  readonly chain: readonly string[]
  readonly task: { readonly id: Id<'task'>; readonly purpose: string; readonly parent?: Id<'task'> }
  /** View of all that the call depends on; streams ask `Live.holds` about it. */
  readonly view: LiveView
  /** Claims for `mintTransactionToken`; gateway and trust domain are the edge's to add. */
  readonly transactionClaims: Omit<TransactionGrant, 'gateway' | 'trustDomain'>
  readonly obligations: readonly Obligation[]
  /** Parts of the answer that say what it takes of limits: who ends the call says them (`Outcome.said`). */
  readonly settles: readonly AnswerPart[]
  readonly ticket: ValidityCheck
  /**
   * Access request whose approval the call has used up; absent where it needed none for this very
   * call.
   */
  readonly requestId?: Id<'request'>
}

/** Case that was permitted, with what it was decided by besides policies. */
export interface DecidedCase {
  readonly each: KnownCase
  readonly looked: DecisionInputsWithLimits
  readonly facts: Pick<CallFacts, 'lifted' | 'liftedBy'>
  readonly obligations: readonly Obligation[]
}

/** State that `stillLive` and `mayContinue` look at. Opaque to edges. */
export interface ValidityCheck {
  /** Policies, owners and approvers: live state that the token's epochs do not speak of. */
  readonly also: LiveView
  /** View of those whose word lifted something. */
  readonly word?: LiveView | undefined
  /** Case that was decided, where it was one: policies that change meanwhile decide it once more. */
  readonly decided?: DecidedCase | undefined
  /** View of the standing limits that the call was counted against. */
  readonly limits?: LiveView | undefined
  /** Id of the surface that says who is there, where the task is in a conversation. */
  readonly surface?: string | undefined
  /** Epoch milliseconds: end of token and task, whichever is first; and of the task. */
  readonly notAfter: number
  readonly deadline: number
}

export interface DenyVerdict {
  readonly outcome: 'deny'
  /**
   * Id of the decision that explains it: its own, or an earlier one of the same task for the same
   * reason.
   */
  readonly decisionId: Id<'decision'>
  /**
   * Mark of a denial that was counted and not recorded, so nothing has that id: no one is
   * told it.
   */
  readonly unrecorded?: true
  /** Mark of a caller who could not be identified. Always unrecorded. */
  readonly stranger?: true
  /** Code of the problem; its status and title are the catalogue's. */
  readonly reason: ProblemCode
  /** Words that are fit for the agent: no policy text, nothing about other people. */
  readonly detail: string
  readonly enough: string
  readonly gates: readonly GateResult[]
  /** Mark of a call that the task was not given, and could be by its person's word. */
  readonly attainable?: true
  readonly challenge?: Challenge
  /** The call as an approver changed it, and the differences. */
  readonly edited?: EditedRequest
  /**
   * Seconds after which the same call fits again, if nothing else is taken; given where only time
   * is missing.
   */
  readonly retryAfter?: number
}

/** Access request of a call that an approver changed. */
export interface EditedRequest {
  readonly request: Requestable['request']
  readonly changes: readonly EditedArgument[]
}

/** Denial that people can lift: the same call goes through again, after they did. */
export interface Requestable {
  readonly outcome: 'requestable'
  readonly decisionId: Id<'decision'>
  readonly reason: 'approval.required'
  readonly detail: string
  readonly enough: string
  readonly gates: readonly GateResult[]
  readonly request: {
    readonly id: Id<'request'>
    readonly state: AccessRequest['state']
    /** Address where the agent asks how it stands (task token and proof). */
    readonly url: string
    /** Page where people answer. */
    readonly page: string
    readonly expiresAt: number
  }
}

/** Answer to a call that was approved and executed before. It is not executed again. */
export interface ExecutedVerdict {
  readonly outcome: 'executed'
  /** The execution's. */
  readonly decisionId: Id<'decision'>
  readonly state: 'sending' | 'answered' | 'failed' | 'indeterminate'
  /** HTTP status that the API answered, when it did. */
  readonly status: number | undefined
  /** Answer of the API, where it was kept (`keepResult`). */
  readonly kept?: string
  /** Mark of an answer that was too large to be kept. */
  readonly larger?: true
  /**
   * Mark of an answer of which policies now say otherwise what may be told than when it was kept.
   */
  readonly outdated?: true
  readonly requestId: Id<'request'>
  /** Address to POST to for people to be asked again (task token and proof). */
  readonly requestUrl: string
}
