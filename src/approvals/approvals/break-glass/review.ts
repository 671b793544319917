import { addEvent } from '../../../identity/notifications/index.ts'
import { findPerson } from '../../../identity/people/index.ts'
import { requireProved, type SignInProof, UNPROVED } from '../../../identity/sessions/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { aboutRequest, readAccessRequest } from '../../access-requests/index.ts'
import { checkReason } from '../answer.ts'
import type { AnswerParts } from '../sign-answer.ts'
import { type BreakGlass, isReviewer, type ReviewVerdict } from './break-glass.ts'
import { putReview, readBreakGlass } from './break-glass-store.ts'

export interface Review {
  readonly id: string
  readonly person: { readonly id: BreakGlass['personId'] }
  readonly verdict: ReviewVerdict
  /** Words of the reviewer, told to the person who approved. */
  readonly note: string
  readonly proved?: SignInProof
}

/**
 * Takes the review of a call that another person approved alone. It is taken once, and ends the approval if it is unused.
 * @throws Problem `break_glass.unknown`, `break_glass.not_a_reviewer`, `break_glass.reviewed`, `approval.bad_reason`, `step_up.required`
 */
export async function reviewBreakGlass(
  parts: AnswerParts,
  { id, note: text, person: { id: by }, proved = UNPROVED, verdict }: Review,
): Promise<BreakGlass> {
  const note = text.trim()
  checkReason(note)
  if (note === '') throw new Problem('approval.bad_reason', 'say what you found')
  return parts.storage.transaction(async (tx) => {
    const now = parts.clock.now()
    const broken = await readBreakGlass(tx, id)
    const request = broken && (await readAccessRequest(tx, broken.requestId))
    const person = await findPerson(tx, by)
    if (!request || !person)
      throw new Problem('break_glass.unknown', 'there is no such emergency approval')
    // INVARIANT: no one reviews their own approval, or one given for them.
    if (!isReviewer(person, broken.personId, request))
      throw new Problem(
        'break_glass.not_a_reviewer',
        'an administrator reviews it who neither approved the call nor had it made',
      )
    if (parts.stepUp) requireProved(proved, [parts.stepUp], now)
    const endsAt = Math.min(broken.endsAt, now)
    const review = { reviewedAt: now, reviewedBy: person.id, verdict, note, endsAt }
    if (!(await putReview(tx, broken.id, review)))
      throw new Problem('break_glass.reviewed', 'another person reviewed it before')
    await parts.ledger.append(
      tx,
      aboutRequest('approval.break_glass_reviewed', request, {
        ...{ by, outcome: verdict },
        facts: { break_glass: broken.id, approved_by: broken.personId },
        private: { reason: note },
      }),
    )
    await addEvent(parts, tx, { kind: 'reviewed', subject: broken.id, at: now })
    return { ...broken, ...review }
  })
}
