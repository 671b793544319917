import { consumeOnce } from '../../storage/index.ts'
import { type Basis, basesFor, type ConsentAsked, requestConsent } from '../../tasks/index.ts'
import type { DecisionParts } from '../parts.ts'
import type { Brought } from './bring.ts'
import type { Missing } from './grant.ts'
import { type NeedsConsent, type Opening, type Refused, refused } from './opening.ts'
import { type Attempt, refuseOpening } from './refuse.ts'

/** A basis began or ended while we looked: what is missing has to be found out again. */
const CHANGED = 'bases_changed'

/**
 * No basis: the person is asked. Uses up nothing but the proof, so that the agent can repeat the exchange with the same
 * subject token after the person has answered.
 */
export async function askPerson(
  parts: DecisionParts,
  opening: Opening,
  brought: Brought,
  asked: { missing: Missing; attempt: Attempt },
): Promise<NeedsConsent | Refused | typeof CHANGED> {
  const { agent, proof, subject } = brought
  const { missing, attempt } = asked
  const answer = await parts.storage.transaction<Asked>(async (tx) => {
    const asking = {
      agentId: agent.id,
      personId: subject.person.id,
      purpose: opening.purpose,
      details: missing.details,
    }
    // INVARIANT: read here, so that a yes given in this very moment is not followed by the same question.
    const now = await basesFor(tx, { ...asking, now: parts.clock.now() })
    if (!sameBases(now, missing.bases)) return CHANGED
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
  if (answer === CHANGED) return CHANGED
  // The guard of `refuseOpening` meets the used proof again, and says so.
  if (answer === 'replayed') return refuseOpening(parts, attempt, REPLAYED)
  if (answer.outcome === 'asked') {
    const { consentId } = answer
    return { outcome: 'needs_consent', consentId, page: `${parts.issuer}/consent/${consentId}` }
  }
  return refused(REASON[answer.outcome], DETAIL[answer.outcome])
}

type Asked = ConsentAsked | 'replayed' | typeof CHANGED

function sameBases(one: readonly Basis[], other: readonly Basis[]): boolean {
  const ids = new Set(one.map(({ id }) => id))
  return one.length === other.length && other.every(({ id }) => ids.has(id))
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
