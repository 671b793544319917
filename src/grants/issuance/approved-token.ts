import type { Detail, ForbidRef } from '@remit/engine'
import { lastingApproval, useSteps } from '../../approvals/approvals/index.ts'
import { newId } from '../../platform/lib/id.ts'
import type { Step } from '../../platform/storage/index.ts'
import type { JudgedIssuance } from '../../tasks/decision-log/index.ts'
import type { FactParts } from '../../tasks/facts/index.ts'
import { notIssuable, type TokenOf, tokenGate } from './gate.ts'
import type { IssuanceContext, Token } from './issuing.ts'
import { tokenQuestion } from './question.ts'
import { type GrantRefusal, refused } from './refusal.ts'

/** A token that may be issued. */
export interface IssuableToken {
  /** Written with the issue. */
  readonly steps: readonly Step[]
  /** The end of what people approved, where they had to: the token does not outlive it. */
  readonly until: number | undefined
  readonly lifted: readonly ForbidRef[]
}

const NOTHING_ASKED: IssuableToken = { steps: [], until: undefined, lifted: [] }

/**
 * Checks whether policies let a token of an open task be issued. Where only people stand in the way
 * they are asked about exactly this token: task, key, agents, resource and details. Their yes lasts
 * as they gave it: the same token is issued again under it, any other is another question.
 */
export async function approvedToken(
  parts: FactParts,
  of: TokenOf & { readonly details: readonly Detail[] },
  token: Token,
  issuing: IssuanceContext,
): Promise<IssuableToken | GrantRefusal> {
  const judged = await tokenGate(parts, of, token, issuing)
  const { answer, policyVersion } = judged
  if (answer.allowed) return NOTHING_ASKED
  if (answer.reason !== 'issuance.needs_approval') return notIssuable([judged])
  const asked = { ...of, token, grant: issuing.grant }
  const question = tokenQuestion(parts, asked, answer.forbids, policyVersion)
  const people = await lastingApproval(parts, question, parts.clock.now())
  if (people.state === 'denied') {
    const { reason } = people.request
    return refused(
      'approval.denied',
      `approvers denied this token${reason === null ? '' : `: ${reason}`}`,
    )
  }
  if (people.state !== 'approved')
    return pending(question, people.state === 'none' ? people.insufficient : [], {
      ...judged,
      answer,
    })
  const { request, used } = people
  const { forbids: lifted } = request.ask
  const again = await tokenGate(parts, of, token, issuing, lifted)
  // Other rules ask by now, or these in other words.
  if (!again.answer.allowed)
    return pending(question, [request.id], { ...again, answer: again.answer })
  return {
    steps: used ? [] : useSteps(parts, request, newId('decision', parts.random)),
    until: request.usableUntil ?? undefined,
    lifted,
  }
}

function pending(
  question: NonNullable<GrantRefusal['asks']>['question'],
  insufficient: readonly string[],
  judged: JudgedIssuance,
): GrantRefusal {
  return {
    ...refused(
      'issuance.approval_pending',
      'approvers are asked about this token; send the same request again when they have answered',
    ),
    asks: { question, insufficient },
    judged,
  }
}
