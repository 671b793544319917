import type { Action } from '../../catalog/catalog/index.ts'
import { type PresentedSignature, useSignature } from '../../identity/passkeys/index.ts'
import { findPerson } from '../../identity/people/index.ts'
import { requireProved, type SignInProof, UNPROVED } from '../../identity/sessions/index.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import type { Id } from '../../platform/lib/id.ts'
import { Problem, type ProblemCode } from '../../platform/lib/problem.ts'
import type { Tx } from '../../platform/storage/index.ts'
import {
  type AccessRequest,
  type ApprovalParts,
  aboutRequest,
  attachQuestion,
  endRequest,
  expire,
  isEnough,
  markEdited,
  presentQuestion,
  readAccessRequest,
} from '../access-requests/index.ts'
import { editCall, readEdits } from '../call-edits/index.ts'
import type { Choice } from './allowance/allowance.ts'
import { readChoice, sameChoice } from './allowance/choice.ts'
import { giveAllowance } from './allowance/give.ts'
import {
  answerHash,
  type BreakGlassTerms,
  shownDigest,
  shownTo,
  USES,
  usableUntil,
} from './answer-hash.ts'
import { type ApprovalAnswer, type Consequence, putAnswer } from './answer-store.ts'
import { answeringOf, approversOf } from './approvers.ts'
import {
  type AnswerParts,
  type ApprovalSignature,
  needsSignature,
  signedExpiry,
  stepUpsOf,
  verifyApproval,
} from './sign-answer.ts'
import { entryOf, type SignedBatch } from './sign-batch.ts'

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
  /** Time when that page was made, as it says itself. */
  readonly shownAt?: number | undefined
  /** To approve the call as the approver changed it: what `readEdits` reads, and the action as it is now. */
  readonly edits?: { readonly changes: unknown; readonly action: Action | undefined } | undefined
  /** Act that a denial brings along; the code that carries it out names it here. */
  readonly consequence?: Exclude<Consequence, 'edit'> | undefined
  /** Channel in which it was given, where that is no page. */
  readonly channel?: 'slack'
  /** Time when the person last signed in, epoch milliseconds. */
  readonly authTime: number
  /** Sign-in as their provider told of it; left out: it told nothing. */
  readonly proved?: SignInProof
  /** Signature with a passkey, where the approval needs one. */
  readonly signature?: PresentedSignature | undefined
  /** Signature over several approvals, this one among them: what `signBatch` answered. */
  readonly batch?: SignedBatch | undefined
}

type RequestEnding = Parameters<typeof endRequest>[2]
type AnswerRole = Awaited<ReturnType<typeof answeringOf>>
type IneligibilityReason = Extract<AnswerRole['may'], { may: false }>['why']

const CODE: Readonly<Record<IneligibilityReason, ProblemCode>> = {
  not_pending: 'approval.not_pending',
  expired: 'approval.expired',
  not_active: 'approval.not_an_approver',
  own_request: 'approval.own_request',
  behind_request: 'approval.own_request',
  not_an_approver: 'approval.not_an_approver',
  already_answered: 'approval.already_answered',
}

/**
 * Takes one person's answer. One deny ends the request; it is approved when every rule that asks has its quorum of
 * distinct people who may count now. The first end stands, except that a deny still ends an unused approval.
 * Answers the request as it is afterwards.
 * @throws Problem `approval.unknown`, `approval.not_pending`, `approval.expired`, `approval.own_request`,
 * `approval.not_an_approver`, `approval.already_answered`, `approval.bad_edit`, `approval.too_many_pending`, `approval.shown_differs`, `approval.bad_reason`,
 * `allowance.bad_choice`, `step_up.required`, `passkey.required`, `passkey.challenge_over`, `passkey.invalid`,
 * `passkey.cloned`, `passkey.used`
 */
export async function answerRequest(
  parts: AnswerParts,
  given: RequestAnswer,
  within: AnswerTransaction = (answer) => parts.storage.transaction(answer),
): Promise<AccessRequest> {
  checkReason(given.reason)
  await expireWhatIsOver(parts, given.requestId)
  const signature = await signatureIn(parts, given)
  return within((tx) => take(parts, tx, { ...given, signature }))
}

/** Checks the signature over what does not change any more: the frozen request, and the choice. */
async function signatureIn(
  parts: AnswerParts,
  given: RequestAnswer,
): Promise<ApprovalSignature | undefined> {
  const { answer, shown, signature } = given
  const { read } = parts.storage
  const request = await readAccessRequest(read, given.requestId)
  const person = await findPerson(read, given.person.id)
  if (request?.state !== 'pending' || answer === 'deny' || !signature || !person) return undefined
  const allowance = choiceOf(request, given)
  const edited = editOf(request, given)
  const { answerer } = await answeringOf(read, { request, person, now: parts.clock.now() })
  const standsInFor = answerer.standsInFor?.id
  const approval = { request, personId: person.id, standsInFor, allowance, edited, shown }
  return needsSignature(parts, approval) ? verifyApproval(parts, approval, signature) : undefined
}

/** An answer whose signature was checked. */
export type CheckedAnswer = Omit<RequestAnswer, 'signature'> & {
  readonly signature: ApprovalSignature | undefined
  /** Request whose call was changed to this one. The signature was used up for it. */
  readonly editOf?: Id<'request'>
}

/** Transaction in which an answer is taken, with what else belongs into it. */
export type AnswerTransaction = (
  answer: (tx: Tx) => Promise<AccessRequest>,
) => Promise<AccessRequest>

/** Expires a request whose time is over, in a transaction of its own: a refused answer undoes nothing of it. */
export async function expireWhatIsOver(
  parts: Pick<ApprovalParts, 'clock' | 'ledger' | 'random' | 'storage'>,
  requestId: string,
): Promise<void> {
  const request = await readAccessRequest(parts.storage.read, requestId)
  if (request?.state === 'pending' && request.expiresAt <= parts.clock.now())
    await parts.storage.transaction((tx) => expire(parts, tx, request))
}

export function checkReason(reason: string | undefined): void {
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

async function take(parts: AnswerParts, tx: Tx, given: CheckedAnswer): Promise<AccessRequest> {
  const now = parts.clock.now()
  const request = await readAccessRequest(tx, given.requestId)
  const person = await findPerson(tx, given.person.id)
  if (!request || !person) throw new Problem('approval.unknown', 'there is no such access request')
  const { answerer, may } = await answeringOf(tx, { request, person, now })
  if (!may.may) throw new Problem(CODE[may.why], may.detail)
  if (!may.answers.includes(given.answer))
    throw request.state === 'pending'
      ? new Problem('approval.already_answered', 'you have approved already')
      : new Problem('approval.not_pending', 'the request is approved already')
  if (given.answer === 'approve')
    requireProved(given.proved ?? UNPROVED, stepUpsOf(parts, request), now)
  const allowance = choiceOf(request, given)
  const edited = editOf(request, given)
  // INVARIANT: a stand-in was shown in whose place they answer, and that is recorded.
  if (given.shown !== shownTo(answerer, shownDigest(request, allowance, edited)))
    throw new Problem('approval.shown_differs', 'the page showed something else; look again')
  // INVARIANT: an approval that has to be signed counts only with a signature over the shown page, used up with it.
  if (isInBatch(request, given)) {
    if (allowance || edited || answerer.standsInFor)
      throw new Problem(
        'approval.shown_differs',
        'what was signed together is approved once, as it is',
      )
  } else if (given.answer === 'approve' && given.editOf === undefined)
    await requireSigned(parts, tx, { request, allowance }, given.signature)
  if (edited) return approveEdited(parts, tx, request, { ...given, edited, answerer })
  return settle(parts, tx, request, { ...given, allowance, answerer })
}

/** INVARIANT: a signature over several counts for what stood in its list, as it stood there, by whom it was signed. */
function isInBatch(request: AccessRequest, { answer, batch, person }: CheckedAnswer): boolean {
  if (!batch || answer !== 'approve') return false
  if (batch.entries.includes(entryOf(request, person.id, batch.issuedAt))) return true
  throw new Problem('approval.shown_differs', 'this was not among what was signed together')
}

/** @throws Problem `passkey.required`, `passkey.used`, `passkey.cloned` */
export async function requireSigned(
  parts: AnswerParts,
  tx: Tx,
  approval: Parameters<typeof needsSignature>[1],
  signature: ApprovalSignature | undefined,
): Promise<void> {
  if (!needsSignature(parts, approval)) return
  if (!signature)
    throw new Problem('passkey.required', 'this approval has to be signed with a passkey')
  await useSignature(parts, tx, signature)
}

function editOf(
  request: AccessRequest,
  { allowance, answer, edits }: Pick<RequestAnswer, 'allowance' | 'answer' | 'edits'>,
) {
  if (edits === undefined) return undefined
  if (answer === 'deny' || allowance !== undefined || request.state !== 'pending')
    throw new Problem('approval.bad_edit', 'only an approval of one call can change it')
  return editCall(request, edits.action, readEdits(edits.changes))
}

/**
 * Denies the call as it was asked, and answers the changed one in its place, as a request of its own.
 * INVARIANT: of the two, only the changed call can ever run: the other is denied in the same transaction.
 */
async function approveEdited(
  parts: AnswerParts,
  tx: Tx,
  request: AccessRequest,
  given: CheckedAnswer &
    Pick<AnswerRole, 'answerer'> & { readonly edited: ReturnType<typeof editCall> },
): Promise<AccessRequest> {
  const { edited, edits: _, ...answer } = given
  const original = {
    ...answer,
    allowance: undefined,
    signature: undefined,
    answer: 'deny',
  } as const
  await settle(parts, tx, request, { ...original, consequence: 'edit' })
  const question = { ...request, ...edited, editedFrom: request.id }
  const attached = await attachQuestion(parts, tx, question, [])
  if ('refusal' in attached) throw new Problem(attached.refusal.reason, attached.refusal.detail)
  if (attached.request.state !== 'pending')
    throw new Problem('approval.bad_edit', 'the call as it was changed is approved already')
  // INVARIANT: what the approver was shown is all that is lifted, also where the changed call waits already.
  if (!isSameQuestion(attached.request, request))
    throw new Problem('approval.bad_edit', 'the call as it was changed waits for another approval')
  await markEdited(tx, request.id, attached.request.id)
  return take(parts, tx, {
    ...answer,
    requestId: attached.request.id,
    shown: shownTo(answer.answerer, shownDigest(attached.request)),
    editOf: request.id,
  })
}

function isSameQuestion(a: AccessRequest, b: AccessRequest): boolean {
  const asked = ({ ask: { forbids, lifetimeSeconds } }: AccessRequest) =>
    canonicalJson({ forbids, lifetimeSeconds })
  return asked(a) === asked(b)
}

function choiceOf(
  request: AccessRequest,
  given: Pick<RequestAnswer, 'allowance' | 'answer'>,
): Choice | undefined {
  if (given.allowance === undefined) return undefined
  if (given.answer === 'deny')
    throw new Problem('allowance.bad_choice', 'only an approval can apply to more than one call')
  return readChoice(request, given.allowance)
}

/** Writes the answer, and the end of the request where it has one. */
export async function settle(
  parts: Pick<ApprovalParts, 'clock' | 'ledger' | 'random'>,
  tx: Tx,
  request: AccessRequest,
  given: Omit<CheckedAnswer, 'consequence'> & {
    readonly allowance: Choice | undefined
    readonly consequence?: Consequence | undefined
    readonly breakGlass?: (BreakGlassTerms & { readonly id: Id<'break_glass'> }) | undefined
    readonly answerer: AnswerRole['answerer']
  },
): Promise<AccessRequest> {
  const { answer, allowance, answerer, breakGlass, consequence, signature } = given
  const standsInFor = answerer.standsInFor?.id
  const now = parts.clock.now()
  const countsFrom = signature?.issuedAt ?? given.batch?.issuedAt ?? now
  const hash = answerHash(request, {
    answer,
    approver: given.person.id,
    expiry: signedExpiry({ request, allowance, breakGlass }, countsFrom),
    allowance,
    breakGlass,
    consequence,
    standsInFor,
  })
  const reason = given.reason?.trim() || null
  const word: ApprovalAnswer = {
    requestId: request.id,
    personId: given.person.id,
    standsInFor: standsInFor ?? null,
    answer,
    reason,
    answerHash: hash,
    allowance: allowance ?? null,
    consequence: consequence ?? null,
    shownAt: given.shownAt ?? null,
    authTime: given.authTime,
    answeredAt: now,
    countsFrom,
  }
  const said = await putAnswer(tx, word, breakGlass !== undefined)
  if (!said) throw new Error('an answer that was allowed could not be written')
  const by = given.person.id
  const ending = await endingOf(parts, tx, request, {
    ...{ answer, by, now, hash, reason, countsFrom, breakGlass },
  })
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
        consequence,
        stands_in_for: standsInFor,
        channel: given.channel,
        auth_time: given.authTime,
        acr: given.proved?.acr ?? undefined,
        receipt: signature?.receipt,
        break_glass: breakGlass?.id,
        batch: given.batch?.hash,
        // The receipt is about the request as it was, and what its page showed.
        ...(signature &&
          given.editOf && { edited_from: given.editOf, shown: signature.statement.shown ?? '' }),
      },
      ...(reason === null ? {} : { private: { reason } }),
    }),
  )
  const after = await readAccessRequest(tx, request.id)
  if (!after) throw new Error('an access request is gone')
  return after
}

/** Ends the request as this answer has it; `undefined` while more people are needed. */
async function endingOf(
  parts: Pick<ApprovalParts, 'clock' | 'ledger' | 'random'>,
  tx: Tx,
  request: AccessRequest,
  given: {
    answer: 'approve' | 'deny'
    by: string
    now: number
    countsFrom: number
    hash: string
    reason: string | null
    breakGlass: BreakGlassTerms | undefined
  },
): Promise<RequestEnding | undefined> {
  const common = { answeredAt: given.now, answerHash: given.hash }
  if (given.answer === 'deny') return { ...common, state: 'denied', reason: given.reason }
  const { breakGlass, countsFrom } = given
  if (breakGlass)
    return {
      ...{ ...common, state: 'approved', usesLeft: USES },
      usableUntil: usableUntil(request, countsFrom, breakGlass),
    }
  const { approvers, chosen, first } = await approversOf(tx, request, given.now)
  if (!isEnough(approvers, await presentQuestion(tx, request, given.now))) return undefined
  const choice = sameChoice(chosen)
  if (choice) {
    const { by } = given
    const allowance = await giveAllowance(parts, tx, request, { choice, by, first })
    // INVARIANT: the allowance counts every execution, this call's too; the request itself gives none.
    return { ...common, state: 'approved', usesLeft: 0, usableUntil: allowance.expiresAt }
  }
  // Each word lasts the lifetime that was displayed; the one that ends first ends the approval.
  return {
    ...{ ...common, state: 'approved', usesLeft: USES },
    usableUntil: usableUntil(request, first),
  }
}
