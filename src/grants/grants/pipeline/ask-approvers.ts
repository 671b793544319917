import { attachQuestion } from '../../../approvals/access-requests/index.ts'
import type { Proof } from '../../../identity/possession/index.ts'
import { newId } from '../../../platform/lib/id.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { DAY, HOUR } from '../../../platform/lib/time-units.ts'
import type { GrantName } from '../../../policy/policy/index.ts'
import {
  asRefused,
  type GrantRefusal,
  isRefused,
  openingQuestion,
  refused,
  refuseOpening,
} from '../../issuance/index.ts'
import type { DeferralOptions, DeferredOpening } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { type AuthenticatedOpening, useUpOpening, waitingOf } from './authenticated.ts'
import { useProof } from './begin.ts'
import { type DeferralAnswer, findHeldBack, holdBack } from './defer.ts'
import { countWaitingOf } from './deferral-store.ts'
import type { UnapprovedGrant } from './grant.ts'
import type { PlannedGrant } from './plan.ts'

/** People have so long to answer, as about calls of high risk. */
const ANSWERED_WITHIN = HOUR
/** No approval of an opening lasts longer than any task. */
export const MAX_APPROVAL = DAY
/** Maximum requests of an agent that wait for one person; beyond, no one is asked. */
export const MAX_WAITING = 20

/** Grant of an opening, and who would act, the one that opens first. */
interface OpeningActors {
  readonly grant: GrantName
  readonly chain: readonly string[]
  readonly sponsored: boolean
}

/**
 * Asks people, when nothing but them stands in the way and the agent lets it be deferred: about
 * this opening and no other. A code takes the place of the presented credentials. The id of the task that it
 * will be is fixed with the question. Otherwise it is refused, and no one is asked.
 */
export async function askApprovers(
  parts: GrantParts,
  opening: AuthenticatedOpening,
  unapproved: UnapprovedGrant<PlannedGrant>,
  opens: OpeningActors,
): Promise<DeferredOpening | GrantRefusal> {
  const { attempt, requester, defer } = opening
  const { proof } = requester
  if (!defer) return refuseOpening(parts, attempt, proof ? SAY_SO : CANNOT_WAIT)
  if (!proof) return refuseOpening(parts, attempt, CANNOT_WAIT)
  const full = await parts.room?.isFullFor(requester.agent.id, unapproved.grant.person.id)
  if (full) return refuseOpening(parts, attempt, full)
  const asked = { opening, unapproved, opens, defer, proof }
  const held = await hold(parts, asked).catch(asRefused)
  return isRefused(held) ? refuseOpening(parts, attempt, held) : deferred(held)
}

const SAY_SO = refused(
  'issuance.approval_needed',
  'it needs an approval: send `completion_mode=deferred` to wait for it',
)
const CANNOT_WAIT = refused(
  'issuance.approval_needed',
  'it needs an approval, and only an agent that proves a key can wait for it',
)

async function hold(
  parts: GrantParts,
  given: {
    readonly opening: AuthenticatedOpening
    readonly unapproved: UnapprovedGrant<PlannedGrant>
    readonly opens: OpeningActors
    readonly defer: DeferralOptions
    readonly proof: Proof
  },
): Promise<DeferralAnswer> {
  const { defer, opening, opens, proof, unapproved } = given
  const { attempt } = opening
  const { details, mayDelegate, person } = unapproved.grant
  const waiting = waitingOf(opening, person.id)
  const { version: policyVersion } = await parts.policies.active()
  return parts.storage.transaction(async (tx) => {
    await useProof(tx, proof)
    const same = await findHeldBack(parts, tx, waiting)
    if (same) return same
    await useUpOpening(tx, opening)
    const now = parts.clock.now()
    const waits = await countWaitingOf(tx, waiting.agent.id, now)
    if ((waits.get(person.id) ?? 0) >= MAX_WAITING)
      throw new Problem(
        'approval.too_many_pending',
        'too many requests of this agent for this person are pending',
      )
    const question = openingQuestion(
      parts,
      {
        ...{ ...opens, details, mayDelegate, person, request: waiting.request },
        thumbprint: proof.thumbprint,
        taskId: newId('task', parts.random),
        deadline: now + MAX_APPROVAL,
      },
      unapproved.forbids,
      { catalog: unapproved.catalog, policyVersion },
    )
    const attached = await attachQuestion(parts, tx, question, [])
    if ('refusal' in attached) throw new Problem(attached.refusal.reason, attached.refusal.detail)
    await parts.ledger.append(tx, {
      ...attempt.about,
      type: 'task.deferred',
      outcome: 'deferred',
      reason: 'approval.required',
      thumbprint: proof.thumbprint,
      origin: { ip: attempt.ip },
    })
    const until = { consentId: null, answeredBy: now + ANSWERED_WITHIN, taskId: question.taskId }
    return holdBack(parts, tx, waiting, { ...until, notificationToken: defer.notificationToken })
  })
}

function deferred({ code, expiresIn, interval }: DeferralAnswer): DeferredOpening {
  return { outcome: 'deferred', code, expiresIn, interval, page: undefined }
}
