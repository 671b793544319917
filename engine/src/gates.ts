/** The vocabulary of a decision (contract 3): what is known about a call, what each gate said, and what follows. */
import type { KindOf, TypedArguments } from './arguments.ts'
import type { Detail } from './detail.ts'
import type { EscalationStep, Obligation, PolicyEntity, PolicyRecord, StepUp } from './policy.ts'
import type { Risk } from './risk.ts'

/**
 * Gates in the order in which they are told. The first two stop early; all others are always
 * evaluated.
 */
export const GATES = [
  'credential',
  'liveness',
  'coverage',
  'person',
  'agent',
  'external',
  'approval',
  'budget',
  'obligations',
] as const
export type GateName = (typeof GATES)[number]

export type GateResult = {
  readonly gate: GateName
  readonly passed: boolean
  /** Stable code when it failed: `task.not_covered`, `person.not_permitted`, `policy.error`, `token.expired` … */
  readonly reason?: string
  /** Finding in plain words. Fit for the agent: no policy text, nothing about anyone else. */
  readonly detail: string
  /** Requirement that would be enough, when it failed. */
  readonly enough?: string
  /** Subject that the gate looked at: a person, one agent of the chain, a decision point. */
  readonly subject?: string
  readonly policies?: readonly string[]
  /** Sign-in that would be enough, where the person has to sign in again (RFC 9470). */
  readonly stepUp?: { readonly acrValues?: string; readonly maxAge?: string }
  /** Note for operators only. */
  readonly note?: string
}

/** One `@requestable` forbid in one wording. */
export type ForbidRef = { readonly id: string; readonly digest: string }

/** Question to people, so that a call can go through once. */
export type Ask = {
  readonly forbids: readonly ForbidRef[]
  /** Every rule must be met; any one name in a rule meets it. */
  readonly approvers: readonly (readonly string[])[]
  /** Sets of these rules, by index, that need different people for each. */
  readonly separate?: readonly (readonly number[])[]
  /** Names that count for a rule where `manager` and `owner` mean no one, by index of the rule. */
  readonly fallbacks?: readonly { readonly rule: number; readonly names: readonly string[] }[]
  /** Names that count for a rule from a time on, by its index. */
  readonly escalations?: readonly (EscalationStep & { readonly rule: number })[]
  /** True when the owners of the agents behind the call may not answer. */
  readonly barsAgentOwners?: true
  /** True when no stand-in may answer for a person who is away: because one of the forbids says so. */
  readonly inPerson?: true
  readonly quorum: number
  readonly lifetimeSeconds: number
  readonly risk: Risk
  /** True when requester and represented person may answer: only when every forbid says so. */
  readonly self: boolean
  /** Sign-ins that approvers need: all of them. */
  readonly stepUps?: readonly StepUp[]
  /** Signature that an approval needs: because one of the forbids says so. */
  readonly signature?: 'passkey'
  /** Rules of who may approve alone in an emergency, every one of which must be met; absent: no one. */
  readonly breakGlass?: readonly (readonly string[])[]
  readonly prompts: readonly string[]
  /** True when an answer is for this very call and no other: nothing proves who makes the next one. */
  readonly once?: true
  /** JSON Pointers of arguments that approvers may lower or shorten; absent: none. */
  readonly editable?: readonly string[]
}

/** The answer of one configured external decision point. It can only reduce. */
export type ExternalAnswer = {
  readonly name: string
  /**
   * `failed`: timeout, overload, malformed answer. `unmapped`: it was not asked, because the question cannot be made of the call. Both
   * deny like `deny`.
   */
  readonly answer: 'permit' | 'deny' | 'failed' | 'unmapped'
  readonly detail?: string
  /** Note that it gave beside its answer. For operators only. */
  readonly note?: string
}

/** One limit that the call falls under, looked at and not yet taken. */
export type BudgetPeek = {
  readonly name: string
  readonly left: boolean
  readonly detail: string
  /** Reason why nothing is left, if it is not that it is used up. */
  readonly reason?: string
  readonly enough?: string
  /** Note for operators only. */
  readonly note?: string
}

export interface CallFacts {
  readonly credential: GateResult
  readonly liveness: GateResult
  /** The task's details. */
  readonly details: readonly Detail[]
  /** Details that the token holds, where they may be less. */
  readonly narrowed?: readonly Detail[]
  readonly call: {
    readonly location: string
    readonly resource: string
    readonly action: string
    readonly risk: Risk
    readonly arguments: TypedArguments
  }
  readonly kindOf: KindOf
  /** The represented person, or the sponsor of an autonomous task. */
  readonly person: PolicyEntity
  /** No person is present: `person` is the sponsor, and `context.person` is absent. */
  readonly sponsored: boolean
  /** Participants who must each be permitted too: given where the space says *intersection*. */
  readonly intersectWith: readonly PolicyEntity[]
  /** The chain, current agent first, read from live task rows. */
  readonly agents: readonly PolicyEntity[]
  /** Entities besides these that policies may look at: groups, owners, spaces, the resource. */
  readonly entities: readonly PolicyEntity[]
  /** `now`, `risk`, `task`, `space`, `origin` …; `args`, `person`, `agent` and `chain` are added here and win. */
  readonly context: PolicyRecord
  /** One answer per configured decision point. */
  readonly external: readonly ExternalAnswer[]
  /** The forbids that the approval in hand names. */
  readonly lifted: readonly ForbidRef[]
  /** Words for what lifted it; an approval of this very call when absent. */
  readonly liftedBy?: string
  readonly budgets: readonly BudgetPeek[]
  /** Beside those of the policies. */
  readonly obligations: readonly Obligation[]
  /** Types of obligation that can be carried out where the call is enforced. */
  readonly doable: readonly string[]
  /** Proof of who the person is: how they gave it, and how long ago, as far as that is known. */
  readonly authentication?: { readonly acr?: string; readonly ageSeconds?: number }
}

export type Permit = {
  readonly outcome: 'permit'
  readonly gates: readonly GateResult[]
  readonly obligations: readonly Obligation[]
  /** The forbids that an approval had to lift. Empty: no approval was needed and none is used up. */
  readonly lifted: readonly ForbidRef[]
}

export type Deny = {
  readonly outcome: 'deny'
  readonly gates: readonly GateResult[]
  /** Code, words and remedy of the first gate that stands in the way. */
  readonly reason: string
  readonly detail: string
  readonly enough: string
}

/** A denial that people can lift: nothing but `@requestable` forbids stands in the way. */
export type RequestableDeny = {
  readonly outcome: 'requestable'
  readonly gates: readonly GateResult[]
  readonly reason: 'approval.required'
  readonly detail: string
  readonly enough: string
  readonly ask: Ask
}

export type Decision = Permit | Deny | RequestableDeny
