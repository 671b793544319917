import type { StepUp } from '@remit/engine'
import {
  type AccessRequest,
  type ApprovalParts,
  aboutRequest,
  endRequest,
  expire,
  type IneligibilityReason,
  isEnough,
  mayAnswer,
  type RequestEnding,
  readRequest,
} from '../access-requests/index.ts'
import type { Id } from '../lib/id.ts'
import { Problem, type ProblemCode } from '../lib/problem.ts'
import { findPerson } from '../people/index.ts'
import { requireProved, type SignInProof, UNPROVED } from '../sessions/index.ts'
import type { Tx } from '../storage/index.ts'
import type { Choice } from './allowance/allowance.ts'
import { choiceEnds, readChoice, sameChoice } from './allowance/choice.ts'
import { giveAllowance } from './allowance/give.ts'
import { answerHash, shownDigest, USES, usableUntil } from './answer-hash.ts'
import { answersTo, putAnswer } from './answer-store.ts'
import { approversOf } from './approvers.ts'

export const MAX_REASON = 500

/** Answer of a person to one request. */
export interface RequestAnswer {
  readonly requestId: string
  readonly person: { readonly id: Id<'person'> }
  readonly answer: 'approve' | 'deny'
  readonly reason?: string | undefined
  /** To approve for more than once: what `readChoice` reads. Checked against the request. */
  readonly allowance?: unknown
  /** `shownDigest` of what the page displayed, with the choice that it spelled out. */
  readonly shown: string
  /** Time when the person last signed in, epoch milliseconds. */
  readonly authTime: number
  /** Sign-in as their provider told of it; left out: it told nothing. */
  readonly proved?: SignInProof
}

const CODE: Readonly<Record<IneligibilityReason, ProblemCode>> = {
  not_pending: 'approval.not_pending',
  expired: 'approval.expired',
  not_active: 'approval.not_an_approver',
  own_request: 'approval.own_request',
  not_an_approver: 'approval.not_an_approver',
  already_answered: 'approval.already_answered',
}

/**
 * Takes one person's answer. One deny ends the request; it is approved when every rule that asks has its quorum of
 * distinct people who may count now. The first end stands, except that a deny still ends an unused approval.
 * Answers the request as it is afterwards.
 * @throws Problem `approval.unknown`, `approval.not_pending`, `approval.expired`, `approval.own_request`,
 * `approval.not_an_approver`, `approval.already_answered`, `approval.shown_differs`, `approval.bad_reason`,
 * `allowance.bad_choice`, `step_up.required`
 */
export async function answerRequest(
  parts: ApprovalParts,
  given: RequestAnswer,
): Promise<AccessRequest> {
  checkReason(given.reason)
  await expireWhatIsOver(parts, given.requestId)
  return parts.storage.transaction((tx) => take(parts, tx, given))
}

/** Expires a request whose time is over, in a transaction of its own: a refused answer undoes nothing of it. */
async function expireWhatIsOver(parts: ApprovalParts, requestId: string): Promise<void> {
  const request = await readRequest(parts.storage.read, requestId)
  if (request?.state === 'pending' && request.expiresAt <= parts.clock.now())
    await parts.storage.transaction((tx) => expire(parts, tx, request))
}

function checkReason(reason: string | undefined): void {
  if (reason === undefined) return
  const bad =
    reason.length > MAX_REASON ||
    !reason.isWellFormed() ||
    /[^\P{C}\n\t]/u.test(reason.replaceAll('\r\n', '\n'))
  if (bad)
    throw new Problem(
      'approval.bad_reason',
      `a reason is at most ${MAX_REASON} characters of plain text`,
    )
}

async function take(parts: ApprovalParts, tx: Tx, given: RequestAnswer): Promise<AccessRequest> {
  const now = parts.clock.now()
  const request = await readRequest(tx, given.requestId)
  const person = await findPerson(tx, given.person.id)
  if (!request || !person) throw new Problem('approval.unknown', 'there is no such access request')
  const answers = await answersTo(tx, request.id)
  const may = mayAnswer(person, request, { answers, now })
  if (!may.may) throw new Problem(CODE[may.why], may.detail)
  if (!may.answers.includes(given.answer))
    throw request.state === 'pending'
      ? new Problem('approval.already_answered', 'you have approved already')
      : new Problem('approval.not_pending', 'the request is approved already')
  if (given.answer === 'approve')
    requireProved(given.proved ?? UNPROVED, stepUpsOf(parts, request), now)
  const allowance = choiceOf(request, given)
  if (given.shown !== shownDigest(request, allowance))
    throw new Problem('approval.shown_differs', 'the page showed something else; look again')
  return settle(parts, tx, request, { ...given, allowance })
}

/**
 * Sign-in that an approval of this request needs: by the rules that ask, and for calls of high risk
 * by the setting for all that widens access. A denial needs none.
 */
export function stepUpsOf(
  { stepUp }: Pick<ApprovalParts, 'stepUp'>,
  { ask }: Pick<AccessRequest, 'ask'>,
): readonly StepUp[] {
  const risky = ask.risk === 'high' || ask.risk === 'critical'
  return [...(ask.stepUps ?? []), ...(risky && stepUp ? [stepUp] : [])]
}

function choiceOf(request: AccessRequest, given: RequestAnswer): Choice | undefined {
  if (given.allowance === undefined) return undefined
  if (given.answer === 'deny')
    throw new Problem('allowance.bad_choice', 'only an approval can apply to more than one call')
  return readChoice(request, given.allowance)
}

async function settle(
  parts: ApprovalParts,
  tx: Tx,
  request: AccessRequest,
  given: RequestAnswer & { readonly allowance: Choice | undefined },
): Promise<AccessRequest> {
  const { answer, allowance } = given
  const now = parts.clock.now()
  const hash = answerHash(request, {
    answer,
    approver: given.person.id,
    expiry: allowance ? choiceEnds(request, allowance, now) : usableUntil(request, now),
    allowance,
  })
  const reason = given.reason?.trim() || null
  const said = await putAnswer(tx, {
    requestId: request.id,
    personId: given.person.id,
    answer,
    reason,
    answerHash: hash,
    allowance: allowance ?? null,
    authTime: given.authTime,
    answeredAt: now,
  })
  if (!said) throw new Error('an answer that was allowed could not be written')
  const by = given.person.id
  const ending = await endingOf(parts, tx, request, { answer, by, now, hash, reason })
  if (ending && !(await endRequest(tx, request, ending)))
    throw new Error('a request changed inside the transaction that read it')
  await parts.ledger.append(
    tx,
    aboutRequest('approval.answered', request, {
      by,
      outcome: ending?.state ?? 'pending',
      facts: {
        answer,
        answer_hash: hash,
        auth_time: given.authTime,
        acr: given.proved?.acr ?? undefined,
      },
      ...(reason === null ? {} : { private: { reason } }),
    }),
  )
  const after = await readRequest(tx, request.id)
  if (!after) throw new Error('an access request is gone')
  return after
}

/** Ends the request as this answer has it; `undefined` while more people are needed. */
async function endingOf(
  parts: ApprovalParts,
  tx: Tx,
  request: AccessRequest,
  given: {
    answer: 'approve' | 'deny'
    by: string
    now: number
    hash: string
    reason: string | null
  },
): Promise<RequestEnding | undefined> {
  const common = { answeredAt: given.now, answerHash: given.hash }
  if (given.answer === 'deny') return { ...common, state: 'denied', reason: given.reason }
  const { approvers, chosen, first } = await approversOf(tx, request)
  if (!isEnough(approvers, request)) return undefined
  const choice = sameChoice(chosen)
  if (choice) {
    const { by, now } = given
    const allowance = await giveAllowance(parts, tx, request, {
      choice,
      by,
      first: Math.min(first, now),
    })
    // INVARIANT: the allowance counts every execution, this call's too; the request itself gives none.
    return { ...common, state: 'approved', usesLeft: 0, usableUntil: allowance.expiresAt }
  }
  // Each word lasts the lifetime that was displayed; the one that ends first ends the approval.
  const until = usableUntil(request, Math.min(first, given.now))
  return { ...common, state: 'approved', usesLeft: USES, usableUntil: until }
}
