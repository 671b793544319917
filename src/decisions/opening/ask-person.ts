import { consumeOnce } from '../../storage/index.ts'
import { type ConsentAsked, requestConsent } from '../../tasks/index.ts'
import type { DecisionParts } from '../parts.ts'
import type { Brought } from './bring.ts'
import type { Missing } from './grant.ts'
import { type NeedsConsent, type Opening, type Refused, refused } from './opening.ts'
import { type Attempt, refuseOpening } from './refuse.ts'

/**
 * No basis: the person is asked. Uses up nothing but the proof, so that the agent can repeat the exchange with the same
 * subject token after the person has answered.
 */
export async function askPerson(
  parts: DecisionParts,
  opening: Opening,
  brought: Brought,
  asked: { missing: Missing; attempt: Attempt },
): Promise<NeedsConsent | Refused> {
  const { agent, proof, subject } = brought
  const { missing, attempt } = asked
  const answer = await parts.storage.transaction<ConsentAsked | 'replayed'>(async (tx) => {
    const asking = {
      agentId: agent.id,
      personId: subject.person.id,
      purpose: opening.purpose,
      details: missing.details,
    }
    if (!(await consumeOnce(tx, 'dpop', proof.replayKey, proof.expiresAt))) return 'replayed'
    const done = await requestConsent(parts, tx, asking)
    await parts.ledger.append(tx, {
      ...attempt.about,
      type: 'task.refused',
      outcome: 'refused',
      reason: REASON[done.outcome],
      thumbprint: proof.thumbprint,
      origin: { ip: attempt.ip },
    })
    return done
  })
  // The guard of `refuseOpening` meets the used proof again, and says so.
  if (answer === 'replayed') return refuseOpening(parts, attempt, REPLAYED)
  if (answer.outcome === 'asked') {
    const { consentId } = answer
    return { outcome: 'needs_consent', consentId, page: `${parts.issuer}/consent/${consentId}` }
  }
  return refused(REASON[answer.outcome], DETAIL[answer.outcome])
}

const REPLAYED = refused('proof.replayed', 'the proof was used before')

const REASON = {
  asked: 'consent.required',
  denied: 'consent.denied',
  too_many_pending: 'consent.too_many_pending',
} as const

const DETAIL = {
  denied: 'the person said no to this a short while ago',
  too_many_pending: 'the agent has asked this person for other things that wait for an answer',
} as const
