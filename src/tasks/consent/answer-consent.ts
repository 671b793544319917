import { containsByType, type Detail, type KindOf } from '@remit/engine'
import { requireProved, type SignInProof } from '../../identity/sessions/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import type { Tx } from '../../platform/storage/index.ts'
import type { ConsentRequest } from './consent.ts'
import { answerPending, readConsent } from './consent-store.ts'
import { grantBasisIn } from './grant-basis.ts'
import type { ConsentParts } from './parts.ts'

/** Time in ms after a no for which the same question is not put again. */
export const QUIET_AFTER_NO_MS = 10 * MINUTE

/**
 * Answer of the person. Left out, `details` are those of the question; given, they must lie within
 * them.
 */
export interface ConsentAnswer {
  readonly consentId: string
  readonly person: { readonly id: Id<'person'> }
  readonly answer: 'grant' | 'deny'
  readonly details?: readonly Detail[] | undefined
  /** Time when the consent ends by itself, epoch milliseconds. */
  readonly expiresAt?: number | undefined
  /** Time when the person last proved who they are, and how, as far as their provider says. */
  readonly authTime: number | null
  readonly acr?: string | null
}

/**
 * Takes a person's answer to an agent's question; a grant becomes a delegation basis. Answers the question as it is
 * afterwards.
 * @throws Problem `consent.unknown` (also when it is someone else's), `consent.not_pending`, `consent.widened`,
 * `consent.nothing_granted`, `step_up.required`
 */
export function answerConsent(
  parts: AnsweringParts,
  answer: ConsentAnswer,
  kindOf: KindOf,
): Promise<ConsentRequest> {
  return parts.storage.transaction(async (tx) => {
    const asked = await readConsent(tx, answer.consentId)
    // INVARIANT: only the represented person consents; to everyone else the question does not exist.
    if (!asked || asked.personId !== answer.person.id)
      throw new Problem('consent.unknown', 'there is no such consent request')
    if (asked.state !== 'pending' || asked.expiresAt <= parts.clock.now())
      throw new Problem('consent.not_pending', 'the request is no longer pending')
    if (answer.answer === 'grant') {
      const { asked: by, createdAt } = asked
      if (by?.stepUp) requireProved(provedIn(answer), [by.stepUp], createdAt)
      if (parts.stepUp) requireProved(provedIn(answer), [parts.stepUp], parts.clock.now())
    }
    return answer.answer === 'grant'
      ? grant(parts, tx, asked, answer, narrowed(asked, answer, { kindOf, now: parts.clock.now() }))
      : deny(parts, tx, asked, answer)
  })
}

function narrowed(
  asked: ConsentRequest,
  answer: ConsentAnswer,
  { kindOf, now }: { kindOf: KindOf; now: number },
): readonly Detail[] {
  const details = answer.details ?? asked.details
  const { expiresAt = Number.POSITIVE_INFINITY } = answer
  if (details.length === 0 || expiresAt <= now)
    throw new Problem('consent.nothing_granted', 'nothing of the request is left; deny it instead')
  if (!containsByType(asked.details, details, kindOf))
    throw new Problem('consent.widened', 'a consent can only narrow the request')
  return details
}

type AnsweringParts = Pick<ConsentParts, 'ledger' | 'clock' | 'random' | 'stepUp' | 'storage'>

function provedIn({ acr = null, authTime }: ConsentAnswer): SignInProof {
  return { acr, authTime }
}

async function grant(
  parts: AnsweringParts,
  tx: Tx,
  asked: ConsentRequest,
  answer: ConsentAnswer,
  details: readonly Detail[],
): Promise<ConsentRequest> {
  const basis = await grantBasisIn(parts, tx, {
    personId: asked.personId,
    agentId: asked.agentId,
    kind: 'consent',
    details,
    grantedBy: asked.personId,
    expiresAt: answer.expiresAt,
  })
  return endConsentRequest(parts, tx, asked, answer, {
    ...asked,
    state: 'granted',
    basisId: basis.id,
  })
}

function deny(
  parts: AnsweringParts,
  tx: Tx,
  asked: ConsentRequest,
  answer: ConsentAnswer,
): Promise<ConsentRequest> {
  return endConsentRequest(parts, tx, asked, answer, {
    ...asked,
    state: 'denied',
    expiresAt: parts.clock.now() + QUIET_AFTER_NO_MS,
  })
}

async function endConsentRequest(
  parts: AnsweringParts,
  tx: Tx,
  asked: ConsentRequest,
  answer: ConsentAnswer,
  answered: ConsentRequest & { readonly state: 'granted' | 'denied' },
): Promise<ConsentRequest> {
  const after = { ...answered, ...provedIn(answer) }
  if (!(await answerPending(tx, asked.id, after)))
    throw new Error('a consent request changed inside the transaction that read it')
  await parts.ledger.append(tx, {
    type: 'consent.answered',
    person: asked.personId,
    agent: asked.agentId,
    by: asked.personId,
    outcome: after.state,
    facts: {
      consent: asked.id,
      basis: after.basisId ?? undefined,
      auth_time: answer.authTime ?? undefined,
      acr: answer.acr ?? undefined,
    },
  })
  return after
}
