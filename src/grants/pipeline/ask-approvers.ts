import { type CredentialUse, useCredential } from '../../agents/index.ts'
import { attachQuestion } from '../../approvals/index.ts'
import { problemOr } from '../../facts/index.ts'
import { newId } from '../../lib/id.ts'
import { Problem } from '../../lib/problem.ts'
import type { GrantName } from '../../policy/index.ts'
import { consumeOnce, type Tx } from '../../storage/index.ts'
import { countWaitingOf } from '../../tasks/index.ts'
import type { Proof } from '../../tokens/index.ts'
import { type Deferred, type Deferring, type Refused, refused } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { openingQuestion } from '../token-policy/question.ts'
import { refusedBy, type UsedOnce } from './begin.ts'
import { findHeldBack, type HeldBack, holdBack, type Waiting } from './defer.ts'
import type { Granted, Unapproved } from './grant.ts'
import { type Attempt, refuseOpening } from './refuse.ts'

/** People have so long to answer, as about calls of high risk. */
const ANSWERED_WITHIN = 60 * 60_000
/** No approval of an opening lasts longer than any task. */
export const LONGEST_APPROVAL = 24 * 60 * 60_000
/** An agent that waits for more at once asks nobody. */
export const MOST_WAITING = 20

/** An opening that nothing but people stands in the way of. */
export interface ToApprove {
  readonly waiting: Waiting
  readonly unapproved: Unapproved<Pick<Granted, 'details' | 'mayDelegate' | 'person'>>
  readonly grant: GrantName
  /** The chain that it would have. */
  readonly chain: readonly string[]
  readonly sponsored: boolean
  readonly brought: { readonly assertion: CredentialUse; readonly proof: Proof | undefined }
  /** What else is used up. */
  readonly also?: UsedOnce
  /** Absent where the agent cannot wait, or did not say that it does. */
  readonly defer: Deferring | undefined
  readonly attempt: Attempt
}

/**
 * The agent lets it be deferred: people are asked, about this opening and no other, and a code takes the place of what was brought. The
 * id of the task that it will be is fixed with the question. Otherwise it is refused, and nobody is asked.
 */
export async function askApprovers(
  parts: GrantParts,
  asked: ToApprove,
): Promise<Deferred | Refused> {
  const { attempt, defer } = asked
  const { proof } = asked.brought
  if (!defer) return refuseOpening(parts, attempt, proof ? SAY_SO : CANNOT_WAIT)
  if (!proof) return refuseOpening(parts, attempt, CANNOT_WAIT)
  const full = await parts.room?.isFullFor(asked.waiting.agent.id)
  if (full) return refuseOpening(parts, attempt, full)
  const held = await problemOr(hold(parts, asked, { defer, proof }))
  if (!(held instanceof Problem)) return deferred(held)
  if (held.status >= 500) throw held
  return refuseOpening(parts, attempt, refused(held.code, held.detail))
}

const SAY_SO = refused(
  'issuance.approval_needed',
  'people have to approve it first: send `completion_mode=deferred` to wait for them',
)
const CANNOT_WAIT = refused(
  'issuance.approval_needed',
  'people have to approve it first, and only who proves a key can wait for them',
)

async function hold(
  parts: GrantParts,
  asked: ToApprove,
  { defer, proof }: { readonly defer: Deferring; readonly proof: Proof },
): Promise<HeldBack> {
  const { attempt, brought, unapproved, waiting } = asked
  const { version: policyVersion } = await parts.policies.active()
  return parts.storage.transaction(async (tx) => {
    await useOnce(tx, { ...proof, kind: 'dpop' })
    const same = await findHeldBack(parts, tx, waiting)
    if (same) return same
    if (!(await useCredential(tx, brought.assertion)))
      throw new Problem('assertion.replayed', 'the client assertion was used before')
    if (asked.also) await useOnce(tx, asked.also)
    if ((await countWaitingOf(tx, waiting.agent.id, parts.clock.now())) >= MOST_WAITING)
      throw new Problem('approval.too_many_pending', 'the agent waits for too much already')
    const now = parts.clock.now()
    const { chain, grant, sponsored } = asked
    const { details, mayDelegate, person } = unapproved.grant
    const question = openingQuestion(
      parts,
      {
        ...{ chain, details, grant, mayDelegate, person, sponsored, request: waiting.request },
        thumbprint: proof.thumbprint,
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
      thumbprint: proof.thumbprint,
      origin: { ip: attempt.ip },
    })
    const until = { consentId: null, answeredBy: now + ANSWERED_WITHIN, taskId: question.taskId }
    return holdBack(parts, tx, waiting, { ...until, notificationToken: defer.notificationToken })
  })
}

function deferred({ code, expiresIn, interval }: HeldBack): Deferred {
  return { outcome: 'deferred', code, expiresIn, interval, page: undefined }
}

async function useOnce(
  tx: Tx,
  { expiresAt, kind, replayKey }: Pick<UsedOnce, 'expiresAt' | 'replayKey'> & { kind: string },
): Promise<void> {
  if (await consumeOnce(tx, kind, replayKey, expiresAt)) return
  const { detail, reason } = refusedBy(`used ${kind}`)
  throw new Problem(reason, detail)
}
