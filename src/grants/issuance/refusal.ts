import type { GateResult } from '@remit/engine'
import type { FrozenQuestion } from '../../approvals/access-requests/index.ts'
import { onProblem, Problem, type ProblemCode } from '../../platform/lib/problem.ts'
import type { Guard } from '../../platform/storage/index.ts'
import type { JudgedIssuance } from '../../tasks/decision-log/index.ts'

/**
 * Refusal of a grant. Nothing was used up but the proof. The reason's status and title are the
 * catalogue's.
 */
export interface GrantRefusal {
  readonly outcome: 'refused'
  readonly reason: ProblemCode
  readonly detail: string
  /** Sign-in that would be enough, where only that is missing (RFC 9470). */
  readonly stepUp?: GateResult['stepUp']
  /** Facts that policies judged, where they refused it: for the books. */
  readonly judged?: JudgedIssuance
  /** Question that people are asked along with it. */
  readonly asks?: {
    readonly question: FrozenQuestion
    /** Approvals in hand that are not enough. */
    readonly insufficient: readonly string[]
  }
  /** Members that the refused caller is told beside it. */
  readonly members?: Readonly<Record<string, unknown>>
  /** Cause for the log. */
  readonly cause?: unknown
}

/** Makes a refusal of another room's problem, with its reason for the log. */
function refusedFor(problem: Problem): GrantRefusal {
  const { cause, code, detail, members } = problem
  const { fault } = members
  return {
    ...refused(code, detail),
    ...(cause === undefined ? {} : { cause }),
    ...(fault === undefined ? {} : { members: { fault } }),
  }
}

/** Handler for `catch`: makes the problem of a check the refusal of the room that asked for it. */
export const asRefused = onProblem(refusedFor)

/** Makes the problem that an entrance throws whose callers expect problems. */
export function problemFor({ cause, detail, members = {}, reason }: GrantRefusal): Problem {
  return new Problem(reason, detail, { cause, members })
}

export function isRefused<T extends object>(
  value: T | undefined | GrantRefusal,
): value is GrantRefusal {
  return value !== undefined && 'outcome' in value && value.outcome === 'refused'
}

export function refused(reason: ProblemCode, detail: string): GrantRefusal {
  return { outcome: 'refused', reason, detail }
}

/** Makes the refusal that a guard stands for. @throws Error where it stands for none */
export function refusedBy(guard: Guard): GrantRefusal {
  const { code, detail } = guard.problem()
  return refused(code, detail)
}
