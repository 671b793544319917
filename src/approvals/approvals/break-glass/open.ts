import { addEvent } from '../../../identity/notifications/index.ts'
import type { PresentedSignature } from '../../../identity/passkeys/index.ts'
import { findPerson, type Person } from '../../../identity/people/index.ts'
import { requireProved, type SignInProof, UNPROVED } from '../../../identity/sessions/index.ts'
import { newId } from '../../../platform/lib/id.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Tx } from '../../../platform/storage/index.ts'
import { type AccessRequest, aboutRequest, readAccessRequest } from '../../access-requests/index.ts'
import {
  type CheckedAnswer,
  checkReason,
  expireWhatIsOver,
  requireSigned,
  settle,
} from '../answer.ts'
import { type BreakGlassTerms, shownDigest, usableUntil } from '../answer-hash.ts'
import { type AnswerParts, needsSignature, stepUpsOf, verifyApproval } from '../sign-answer.ts'
import { type BreakGlass, rulesOf } from './break-glass.ts'
import { insertBreakGlass } from './break-glass-store.ts'
import { requireBreakGlass } from './may-open.ts'

/** Answer of a person who approves one call alone, once. */
export interface EmergencyAnswer {
  readonly requestId: string
  readonly person: { readonly id: BreakGlass['personId'] }
  readonly reason: string
  /** `shownDigest` of what the page displayed, with these terms. */
  readonly shown: string
  readonly shownAt?: number | undefined
  /** Time when the person last signed in, epoch milliseconds. */
  readonly authTime: number
  readonly proved?: SignInProof
  readonly signature?: PresentedSignature | undefined
}

export const MIN_EMERGENCY_REASON = 10

/**
 * Terms on which a person approves alone, with the reason as it is recorded.
 * @throws Problem `approval.bad_reason`
 */
export function breakGlassTerms(
  parts: Parameters<typeof rulesOf>[0],
  reason: string,
): BreakGlassTerms {
  const text = reason.trim()
  checkReason(text)
  if (text.length < MIN_EMERGENCY_REASON)
    throw new Problem(
      'approval.bad_reason',
      `say why it cannot wait, in ${MIN_EMERGENCY_REASON} characters or more`,
    )
  return { reason: text, lifeMs: rulesOf(parts).lifeMs }
}

/** An emergency approval as it would be given now. Times: epoch milliseconds. */
export interface BreakGlassPlan {
  readonly terms: BreakGlassTerms
  /** Digest of what has to be shown. */
  readonly shown: string
  readonly endsAt: number
  readonly reviewDueAt: number
}

/**
 * Plans an emergency approval, and changes nothing.
 * @throws Problem as `requireBreakGlass`, and `approval.bad_reason`
 */
export async function planBreakGlass(
  parts: AnswerParts,
  { person, reason, request }: { person: Person; reason: string; request: AccessRequest },
): Promise<BreakGlassPlan> {
  const now = parts.clock.now()
  await requireBreakGlass(parts.storage.read, { person, request, now })
  const terms = breakGlassTerms(parts, reason)
  return {
    terms,
    shown: shownDigest(request, undefined, undefined, terms),
    endsAt: usableUntil(request, now, terms),
    reviewDueAt: now + rulesOf(parts).reviewMs,
  }
}

/**
 * Approves one call, once, in place of all whom the rules ask. They are told at once, and another person has to review it.
 * INVARIANT: nothing else is lifted than what people could have approved; policies and limits decide when the call is sent.
 * @throws Problem as `requireBreakGlass`, and `approval.unknown`, `approval.bad_reason`, `approval.shown_differs`, `step_up.required`,
 * `passkey.…`
 */
export async function breakGlass(parts: AnswerParts, given: EmergencyAnswer): Promise<BreakGlass> {
  const terms = breakGlassTerms(parts, given.reason)
  await expireWhatIsOver(parts, given.requestId)
  const request = await readAccessRequest(parts.storage.read, given.requestId)
  if (!request) throw unknownAccessRequest()
  const approval = {
    ...{ request, allowance: undefined, breakGlass: terms, shown: given.shown },
    personId: given.person.id,
  }
  const signature =
    given.signature && needsSignature(parts, approval)
      ? await verifyApproval(parts, approval, given.signature)
      : undefined
  return parts.storage.transaction((tx) => open(parts, tx, { ...given, signature }, terms))
}

function unknownAccessRequest(): Problem {
  return new Problem('approval.unknown', 'there is no such access request')
}

async function open(
  parts: AnswerParts,
  tx: Tx,
  given: Omit<EmergencyAnswer, 'signature'> & Pick<CheckedAnswer, 'signature'>,
  terms: BreakGlassTerms,
): Promise<BreakGlass> {
  const { proved = UNPROVED, shown, signature } = given
  const now = parts.clock.now()
  const request = await readAccessRequest(tx, given.requestId)
  const person = await findPerson(tx, given.person.id)
  if (!request || !person) throw unknownAccessRequest()
  await requireBreakGlass(tx, { request, person, now })
  requireProved(proved, stepUpsOf(parts, request), now)
  if (shown !== shownDigest(request, undefined, undefined, terms))
    throw new Problem('approval.shown_differs', 'the page showed something else; look again')
  const approval = { request, allowance: undefined, breakGlass: terms }
  // INVARIANT: where it has to be signed, it counts only with a signature over the shown page, used up with it.
  await requireSigned(parts, tx, approval, signature)
  const broken: BreakGlass = {
    id: newId('break_glass', parts.random),
    ...{ requestId: request.id, personId: person.id, reason: terms.reason, openedAt: now },
    endsAt: usableUntil(request, signature?.issuedAt ?? now, terms),
    reviewDueAt: now + rulesOf(parts).reviewMs,
    ...{ reviewedAt: null, reviewedBy: null, verdict: null, note: null },
  }
  if (!(await insertBreakGlass(tx, broken)))
    throw new Problem('approval.not_pending', 'another person approved it alone already')
  await settle(parts, tx, request, {
    ...{ ...given, person, signature, answer: 'approve', allowance: undefined },
    answerer: person,
    breakGlass: { ...terms, id: broken.id },
  })
  await recordBreakGlass(parts, tx, request, broken)
  return broken
}

async function recordBreakGlass(
  parts: AnswerParts,
  tx: Tx,
  request: AccessRequest,
  broken: BreakGlass,
): Promise<void> {
  const { endsAt, id: subject, openedAt: at, personId: by, reason, reviewDueAt } = broken
  await parts.ledger.append(
    tx,
    aboutRequest('approval.break_glass', request, {
      by,
      facts: { break_glass: subject, ends_at: endsAt, review_due_at: reviewDueAt },
      private: { reason },
    }),
  )
  await addEvent(parts, tx, { kind: 'break_glass', subject, at })
  // Late enough that most are reviewed, early enough that the rest still can be.
  const after = Math.floor((reviewDueAt - at) * 0.75)
  await addEvent(parts, tx, { kind: 'review_due', subject, at, after })
}
