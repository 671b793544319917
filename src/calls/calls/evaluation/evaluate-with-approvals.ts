import {
  type CallFacts,
  decide,
  type ForbidRef,
  type Permit,
  type RequestableDeny,
} from '@remit/engine'
import { findRequest, questionOf } from '../../../approvals/access-requests/index.ts'
import { type ApprovalLookup, usableApproval } from '../../../approvals/approvals/index.ts'
import type { Id } from '../../../platform/lib/id.ts'
import { requesterOf } from '../../../tasks/facts/index.ts'
import { askingOf } from '../ask.ts'
import type { KnownCase } from '../case.ts'
import type { DecisionInputsWithLimits } from '../judgment/decision-inputs.ts'
import { deniedByPeople } from '../judgment/with-people.ts'
import type { CallParts } from '../parts.ts'
import {
  type ConsumedApproval,
  deniedBecause,
  nothingStands,
  type WeighedAnswer,
} from './evaluation-answer.ts'
import {
  approvedUntil,
  DENIAL_MS,
  type EvaluationDenial,
  type SubmittedQuestion,
} from './people-desk.ts'
import type { Asker, QuestionAlone, ReevaluationDenial } from './question.ts'

/** A permit; by the word of people about the case as they were asked about it, where there is one. */
export type Permits = (
  lifted: Permit,
  facts: CallFacts,
  by?: { readonly each: KnownCase; readonly word: ConsumedApproval },
) => Promise<WeighedAnswer>

interface WeighInput {
  readonly each: KnownCase
  readonly looked: DecisionInputsWithLimits
  readonly alone: QuestionAlone
  readonly decision: RequestableDeny & { readonly facts: CallFacts }
  readonly permit: Permits
  readonly liftedBy: (forbids: readonly ForbidRef[]) => CallFacts
}

/**
 * The question needs people. An approval counts only where it is shown, by the enforcement point that had people asked, about
 * exactly the question that they were asked about; and then it lifts the forbids it names, in a new evaluation by all gates.
 */
export async function evaluateWithApprovals(
  parts: Pick<CallParts, 'clock' | 'issuer' | 'storage'>,
  asker: Asker,
  given: WeighInput,
): Promise<WeighedAnswer> {
  const { alone, each, looked } = given
  const { task } = each.who.held
  const requester = requesterOf(looked.setting.where, task)
  const said = await usableApproval(parts, task.id, each.callHash ?? '', each.at, requester)
  const shown = await shownTo(asker, alone)
  if (said.state === 'denied') {
    const { facts, gates } = given.decision
    const because = deniedBecause(each, { ...(await deniedByPeople(parts, said)), gates, facts })
    return { ...because, unhelped: shown && REFUSED }
  }
  if (shown === 'unknown') return { ...nothingStands(each, given.decision), unhelped: UNVERIFIABLE }
  if (shown && !(await isOf(parts, shown, given))) return offer(asker, given, said, OUT_OF_SCOPE)
  const word = shown && wordOf(shown, said, each.at)
  if (!word) return offer(asker, given, said, shown && OVER)
  const facts = given.liftedBy(word.request.ask.forbids)
  const again = decide(facts, looked.policies)
  if (again.outcome === 'permit') return given.permit(again, facts, { each, word })
  // Other policies ask by now, and people have not answered for those.
  if (again.outcome === 'requestable') return offer(asker, given, said, OUT_OF_SCOPE)
  return { ...deniedBecause(each, { ...again, facts }), unhelped: REFUSED }
}

const UNVERIFIABLE: ReevaluationDenial = { reason: 'approval_unverifiable', next: 'none' }
const OUT_OF_SCOPE: ReevaluationDenial = { reason: 'out_of_scope', next: 'request' }
const OVER: ReevaluationDenial = { reason: 'approval_expired', next: 'request' }
const REFUSED: ReevaluationDenial = { reason: 'policy_denied', next: 'none' }

type RequestLookup = SubmittedQuestion | 'unknown' | undefined

/** INVARIANT: what another enforcement point submitted is unknown here. */
async function shownTo({ desk, pep }: Asker, { approval }: QuestionAlone): Promise<RequestLookup> {
  if (approval === undefined) return undefined
  return (await desk.findShown(pep, approval)) ?? 'unknown'
}

/** Tells whether the approval is of this very question: as it was put, and as it is typed. */
async function isOf(
  parts: Pick<CallParts, 'clock' | 'storage'>,
  { bindingHash, requestId }: SubmittedQuestion,
  { alone, each }: WeighInput,
): Promise<boolean> {
  const request = await findRequest(parts, requestId)
  return bindingHash === alone.bindingHash() && request?.callHash === each.callHash
}

/** Unused, in time, of that request and no other, and given by people who still may. */
function wordOf(
  shown: SubmittedQuestion,
  said: ApprovalLookup,
  at: number,
): ConsumedApproval | undefined {
  if (said.state !== 'usable' || said.approval.request.id !== shown.requestId) return undefined
  const until = approvedUntil(shown, said.approval.request)
  if (until === undefined || until <= at) return undefined
  return { ...said.approval, id: shown.approvalId, until }
}

/**
 * Fixes the offer now, with everything that people would be asked: a later submission can
 * change nothing of it.
 */
function offer(
  asker: Asker,
  { alone, decision, each, looked }: WeighInput,
  said: ApprovalLookup,
  unhelped: ReevaluationDenial | undefined,
): WeighedAnswer {
  const { task } = each.who.held
  const requester = requesterOf(looked.setting.where, task)
  const insufficient = insufficientOf(said, unhelped)
  const asking = askingOf(each, decision, { insufficient, requester })
  const denial: Omit<EvaluationDenial, 'id'> = {
    pep: asker.pep,
    bindingHash: alone.bindingHash(),
    // An allowance would be used without anybody showing it, so none can be given here.
    question: { ...questionOf(asking), inspected: null },
    insufficient,
    expiresAt: Math.min(each.at + DENIAL_MS, task.deadline),
  }
  return { ...nothingStands(each, decision), offer: denial, unhelped }
}

/** An approval in hand that is not enough: approvers who may no longer, or an end that was asked for and has come. */
function insufficientOf(
  said: ApprovalLookup,
  unhelped: ReevaluationDenial | undefined,
): Id<'request'>[] {
  if (said.state === 'lapsed') return [said.request.id]
  return said.state === 'usable' && unhelped ? [said.approval.request.id] : []
}
