import type { Ask, GateResult, Obligation } from '@remit/engine'
import type { Id } from '../../../platform/lib/id.ts'
import type { Json } from '../../../platform/lib/json.ts'
import type { LiveView } from '../../../platform/revocation/index.ts'
import type { Call } from '../../../tasks/facts/index.ts'
import type { PeopleDesk } from './people-desk.ts'

/** A question about one call, by an enforcement point that has it in hand: nothing is made or taken. */
export interface CallQuestion extends Pick<Call, 'resource' | 'action' | 'arguments' | 'origin'> {
  /** Id of the task that it says it is of; not known of a token of another server. */
  readonly task: string | undefined
  /**
   * Credentials that the agent showed, where they are forwarded: token, proof, and what the proof
   * is about.
   */
  readonly shown?: Pick<Call, 'token' | 'scheme' | 'proof' | 'method' | 'url'> | undefined
  /** Subject that the call is for, as the question says. */
  readonly subject: { readonly is: 'person' | 'agent' | 'either'; readonly id: string }
  /** The agent that it says calls. */
  readonly agent?: string | undefined
  /** Tells whether it can carry out a type of obligation. */
  readonly can: (obligation: string) => boolean
  /**
   * Present for a question that is all of its request. With several questions at once, people are
   * asked about none.
   */
  readonly alone?: QuestionAlone | undefined
}

/**
 * Binding that makes the answer to a question good for an access request, and an approval good for
 * the question.
 */
export interface QuestionAlone {
  /** Digest of everything that counts about the question, as it was put. */
  readonly bindingHash: () => string
  /** The arguments as they were sent. */
  readonly args: Json | undefined
  /** Approval that the question refers to. */
  readonly approval?: string | undefined
}

/** Enforcement point that asks. */
export interface Asker {
  readonly pep: string
  /** Trust in what it says about who calls. */
  readonly namesTasks: boolean
  /** Right to ask about the call itself before it runs, where permitted amounts are taken. */
  readonly takes: boolean
  /** View of the state that the right to ask rests on. */
  readonly view: LiveView
  readonly desk: PeopleDesk
}

export interface EvaluatedCall {
  readonly outcome: 'permit' | 'deny' | 'requestable'
  /** A code; `permitted` of a permit. */
  readonly reason: string
  readonly detail?: string | undefined
  readonly enough?: string | undefined
  /** Obligations that are left to the enforcement point. */
  readonly obligations: readonly Obligation[]
  /** Sign-in that the person would need. */
  readonly stepUp?: GateResult['stepUp']
  /** Request to people: who they would be, and what they would be asked. */
  readonly ask?: Ask | undefined
  readonly taskId?: Id<'task'> | undefined
  /** Time until which the enforcement point may have people asked. */
  readonly requestableUntil?: number | undefined
  /** Approval that lifted it, and until when that holds. */
  readonly approval?: { readonly id: string; readonly until: number } | undefined
  /** Reason why the approval that was shown did not help. */
  readonly unhelped?: ReevaluationDenial | undefined
}

/**
 * Reason, as the profile calls it, and the next useful step (ARAP, Re-evaluation Denial
 * Reasons).
 */
export interface ReevaluationDenial {
  readonly reason: 'approval_expired' | 'out_of_scope' | 'policy_denied' | 'approval_unverifiable'
  readonly next: 'request' | 'none'
}
