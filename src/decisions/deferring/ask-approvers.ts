import { useCredential } from '../../agents/index.ts'
import { attachQuestion } from '../../approvals/index.ts'
import { newId } from '../../lib/id.ts'
import { Problem } from '../../lib/problem.ts'
import { consumeOnce, type Tx } from '../../storage/index.ts'
import { countWaitingOf } from '../../tasks/index.ts'
import { waitingOf } from '../opening/ask-person.ts'
import type { Brought } from '../opening/bring.ts'
import type { Unapproved } from '../opening/grant.ts'
import { type Deferred, type Opening, type Refused, refused } from '../opening/opening.ts'
import { type Attempt, refuseOpening } from '../opening/refuse.ts'
import type { DecisionParts } from '../parts.ts'
import { problemOr } from '../reasons.ts'
import { findHeldBack, type HeldBack, holdBack } from './defer.ts'
import { openingQuestion } from './opening-question.ts'

/** People have so long to answer, as about calls of high risk. */
const ANSWERED_WITHIN = 60 * 60_000
/** No approval of an opening lasts longer than any task. */
export const LONGEST_APPROVAL = 24 * 60 * 60_000
/** An agent that waits for more at once asks nobody. */
export const MOST_WAITING = 20

/**
 * Nothing but people stands in the way of an opening, and the agent lets it be deferred: they are asked, about this opening and no other,
 * and a code takes the place of what was brought. The id of the task that it will be is fixed with the question.
 */
export async function askApprovers(
  parts: DecisionParts,
  opening: Opening,
  brought: Brought,
  { attempt, unapproved }: { readonly unapproved: Unapproved; readonly attempt: Attempt },
): Promise<Deferred | Refused> {
  const { version: policyVersion } = await parts.policies.active()
  const full = await parts.room?.isFullFor(brought.agent.id)
  if (full) return refuseOpening(parts, attempt, full)
  const held = await problemOr(
    parts.storage.transaction(async (tx) => {
      await useProof(tx, brought)
      const waiting = waitingOf(opening, brought)
      const same = await findHeldBack(parts, tx, waiting)
      if (same) return same
      await useRest(tx, brought)
      if ((await countWaitingOf(tx, brought.agent.id, parts.clock.now())) >= MOST_WAITING)
        throw new Problem('approval.too_many_pending', 'the agent waits for too much already')
      const now = parts.clock.now()
      const { details, mayDelegate, person } = unapproved.grant
      const question = openingQuestion(
        parts,
        {
          ...{ details, mayDelegate, person, agent: brought.agent, request: waiting.request },
          taskId: newId('task', parts.random),
          deadline: now + LONGEST_APPROVAL,
        },
        unapproved.forbids,
        { catalog: unapproved.catalog, policyVersion },
      )
      await attachQuestion(parts, tx, question, [])
      await parts.ledger.append(tx, {
        ...attempt.about,
        type: 'task.deferred',
        outcome: 'deferred',
        reason: 'approval.required',
        thumbprint: brought.proof.thumbprint,
        origin: { ip: attempt.ip },
      })
      const until = { consentId: null, answeredBy: now + ANSWERED_WITHIN, taskId: question.taskId }
      const notificationToken = opening.defer?.notificationToken
      return holdBack(parts, tx, waiting, { ...until, notificationToken })
    }),
  )
  if (!(held instanceof Problem)) return deferred(held)
  if (held.status >= 500) throw held
  return refuseOpening(parts, attempt, refused(held.code, held.detail))
}

function deferred({ code, expiresIn, interval }: HeldBack): Deferred {
  return { outcome: 'deferred', code, expiresIn, interval, page: undefined }
}

async function useProof(tx: Tx, { proof }: Brought): Promise<void> {
  if (!(await consumeOnce(tx, 'dpop', proof.replayKey, proof.expiresAt)))
    throw new Problem('proof.replayed', 'the proof was used before')
}

async function useRest(tx: Tx, { assertion, subject }: Brought): Promise<void> {
  if (!(await useCredential(tx, assertion)))
    throw new Problem('assertion.replayed', 'the client assertion was used before')
  if (!(await consumeOnce(tx, 'subject_token', subject.replayKey, subject.expiresAt)))
    throw new Problem('subject_token.replayed', 'the subject token was used before')
}
