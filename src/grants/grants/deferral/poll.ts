import { attachQuestion } from '../../../approvals/access-requests/index.ts'
import { USE_GUARD, useSteps } from '../../../approvals/approvals/index.ts'
import { credentialStep } from '../../../identity/agent-authentication/index.ts'
import { opaqueDigest } from '../../../identity/opaque-tokens/index.ts'
import { newId } from '../../../platform/lib/id.ts'
import { type Guard, OVERTAKEN, type WriteConflict } from '../../../platform/storage/index.ts'
import { BASES_GUARD } from '../../../tasks/consent/index.ts'
import { proofStep } from '../../../tasks/facts/index.ts'
import { type GrantRefusal, refused, refusedBy, refuseOpening } from '../../issuance/index.ts'
import type { OpenedTask, OpeningRequest } from '../opening.ts'
import { answerOpening, TASK_OVERTAKEN } from '../openings/answer.ts'
import type { GrantParts } from '../parts.ts'
import { type AuthenticatedRequester, readAgent } from '../pipeline/authenticate-requester.ts'
import { attemptBy, isFailed, refuseFailed } from '../pipeline/authenticated.ts'
import { beginTask, untilBasesHold } from '../pipeline/begin.ts'
import { KIND_OF } from '../pipeline/defer.ts'
import type { Deferral, Flow } from '../pipeline/deferral.ts'
import {
  DEFERRAL_GUARD,
  findDeferral,
  nameTask,
  PACE_GUARD,
  pollStep,
  redeemDeferralStep,
  returnDeferralStep,
  slowDownStep,
} from '../pipeline/deferral-store.ts'
import { lineageOf } from '../pipeline/plan.ts'
import {
  EXPIRED,
  type GrantedDeferral,
  judgeDeferral,
  type PendingDeferral,
  type QuestionToAsk,
} from './judge.ts'

/** The agent asks whether there is an answer: with the code, its authentication, and the key that it waits with. */
export interface Poll extends OpeningRequest {
  readonly flow: Flow
  readonly code: string
}

export type PollAnswer = OpenedTask | GrantRefusal | PendingDeferral

/**
 * Answers a poll. Order of checks: the agent; whether the code is one of its own, in the same words as for one that is unknown; its
 * key; whether it ended; the answer. The request is judged again, as agent, person, bases and policies are now, and the task begins
 * in the transaction that uses the code up.
 */
export async function pollDeferral(parts: GrantParts, poll: Poll): Promise<PollAnswer> {
  const requester = await readAgent(parts, poll)
  if (isFailed(requester)) return refuseFailed(parts, requester)
  const { agent, proof } = requester
  const own = await ownDeferral(parts, poll, agent.id)
  const person = own?.personId ?? undefined
  const attempt = attemptBy(poll, proof, { agent: agent.id, person })
  const no = (refusal: GrantRefusal) => refuseOpening(parts, attempt, refusal)
  if (!own)
    return no(refused('deferral.unknown', 'the agent has no pending request with this code'))
  if (own.thumbprint !== null && own.thumbprint !== proof.thumbprint)
    return no(refused('proof.wrong_key', 'the code is bound to another key'))
  const answer = await untilBasesHold(() => answerPoll(parts, poll, { requester, own, no }))
  return answer.outcome === 'overtaken' ? no(refusedBy(BASES_GUARD)) : answer
}

interface PollInput {
  readonly requester: AuthenticatedRequester
  readonly own: Deferral
  readonly no: (refusal: GrantRefusal) => Promise<GrantRefusal>
}

async function answerPoll(
  parts: GrantParts,
  poll: Poll,
  polled: PollInput,
): Promise<PollAnswer | WriteConflict> {
  const { requester, no, own } = polled
  const standing =
    ended(own, parts.clock.now()) ??
    (await judgeDeferral(parts, own, { requester, origin: poll.origin }))
  if (standing.outcome === 'refused') return no(standing)
  if (standing.outcome === 'denied') return generic(await no(standing.why), standing.why)
  if (standing.outcome === 'ask') await askNow(parts, own, standing)
  if (standing.outcome === 'ask') return wait(parts, polled, undefined)
  if (standing.outcome === 'waiting') return wait(parts, polled, standing.page)
  return redeem(parts, polled, standing)
}

/** INVARIANT: to an agent, the codes of other agents do not exist. */
async function ownDeferral(
  parts: Pick<GrantParts, 'storage'>,
  { code, flow }: Poll,
  agentId: string,
): Promise<Deferral | undefined> {
  const digest = opaqueDigest(KIND_OF[flow], code)
  const found = digest === undefined ? undefined : await findDeferral(parts.storage.read, digest)
  // The flow is a second lock: the prefix of a code says it, and its digest is of the whole code.
  return found?.agentId === agentId && found.flow === flow ? found : undefined
}

const USED = refusedBy(DEFERRAL_GUARD)
const APPROVAL_OVER = refused('deferral.denied', 'the approval was used, taken back or has ended')
const CANCELLED = refused('deferral.denied', 'the request was cancelled')

function ended({ state, expiresAt }: Deferral, now: number): GrantRefusal | undefined {
  if (state === 'redeemed') return USED
  if (state === 'cancelled') return CANCELLED
  return expiresAt <= now ? EXPIRED : undefined
}

/** INVARIANT: why something cannot be granted any more may say something about the person; the agent learns only that it is so. */
function generic(answer: GrantRefusal, why: GrantRefusal): GrantRefusal {
  if (answer.reason !== why.reason) return answer
  return refused('deferral.denied', 'it was denied, or can no longer be granted')
}

/** The id of the task that it will be is fixed with the first question. */
async function askNow(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'random' | 'storage'>,
  own: Deferral,
  { insufficient, question }: QuestionToAsk,
): Promise<void> {
  await parts.storage.transaction(async (tx) => {
    if (own.taskId === null && !(await nameTask(tx, own.digest, question.taskId))) return
    await attachQuestion(parts, tx, question, insufficient)
  })
}

/** No answer yet. The poll uses up its proof and assertion, and has to be in time. */
async function wait(
  parts: Pick<GrantParts, 'clock' | 'storage'>,
  { requester, no, own }: PollInput,
  page: string | undefined,
): Promise<PendingDeferral | GrantRefusal> {
  const { read } = parts.storage
  const now = parts.clock.now()
  const { digest, pause } = own
  const { thumbprint } = requester.proof
  const used = usedSteps(parts, requester)
  const done = await parts.storage.commit([
    ...used,
    pollStep(read, { digest, pause, thumbprint }, now),
  ])
  if (done.committed) return { outcome: 'waiting', page }
  if (done.failed !== PACE_GUARD) return no(refusedBy(done.failed))
  const slower = await parts.storage.commit([...used, slowDownStep(read, own, now)])
  if (!slower.committed) return no(refusedBy(slower.failed))
  return refusedBy(PACE_GUARD)
}

export function usedSteps(
  parts: Pick<GrantParts, 'storage'>,
  { assertion, proof }: AuthenticatedRequester,
) {
  return [proofStep(parts, proof), credentialStep(parts.storage.read, assertion)]
}

async function redeem(
  parts: GrantParts,
  { requester, no, own }: PollInput,
  { approval, plan, waiter }: GrantedDeferral,
): Promise<PollAnswer | WriteConflict> {
  const { thumbprint } = requester.proof
  const held = await lineageOf(parts, waiter, plan, {
    id: own.taskId ?? undefined,
    approvedUntil: approval?.usableUntil ?? undefined,
  })
  const { agentId, id, personId } = held.task
  const failed = await beginTask(parts, held.task, {
    requester,
    guards: [
      ...(plan.guards?.(held) ?? []),
      ...(approval ? useSteps(parts, approval, newId('decision', parts.random)) : []),
      redeemDeferralStep(parts.storage.read, { digest: own.digest, thumbprint, taskId: id }),
      parts.ledger.appendStep({
        type: 'deferral.redeemed',
        ...{ task: id, agent: agentId, person: personId },
        facts: { flow: own.flow, consent: own.consentId ?? undefined },
      }),
    ],
    record: { chain: held.chain, origin: waiter.origin },
  })
  if (failed === BASES_GUARD) return OVERTAKEN
  if (failed) return no(await lost(parts, own, failed))
  // The id of a task that approvers were asked about is theirs: it cannot begin twice.
  const mayAgain = own.taskId === null
  const returns = mayAgain ? [returnDeferralStep(parts.storage.read, { ...own, taskId: id })] : []
  const answer = await answerOpening(parts, waiter.request, held, { grant: plan.grant, returns })
  // The person's answer still stands: the next poll judges it by what has changed.
  return mayAgain && answer === TASK_OVERTAKEN ? { outcome: 'waiting', page: undefined } : answer
}

/** Another request was quicker: a poll, or a cancellation. */
async function lost(
  parts: Pick<GrantParts, 'storage'>,
  own: Deferral,
  failed: Guard,
): Promise<GrantRefusal> {
  if (failed === USE_GUARD) return APPROVAL_OVER
  if (failed !== DEFERRAL_GUARD) return refusedBy(failed)
  const now = await findDeferral(parts.storage.read, own.digest)
  return now?.state === 'cancelled' ? CANCELLED : USED
}
