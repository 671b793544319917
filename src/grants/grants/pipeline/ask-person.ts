import { containsByType } from '@remit/engine'
import { DAY } from '../../../platform/lib/time-units.ts'
import { OVERTAKEN, type Tx, type WriteConflict } from '../../../platform/storage/index.ts'
import {
  type Basis,
  basesFor,
  type ConsentAskResult,
  findConsent,
  questionsBehind,
  requestConsent,
  wasAskedSince,
} from '../../../tasks/consent/index.ts'
import { asRefused, type GrantRefusal, refused, refuseOpening } from '../../issuance/index.ts'
import type { DeferredOpening, MissingConsent, MissingDetails } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { type AuthenticatedOpening, useUpOpening, waitingOf } from './authenticated.ts'
import { useProof } from './begin.ts'
import { type DeferralAnswer, type DeferralRequest, findHeldBack, holdBack } from './defer.ts'
import type { UncoveredAuthority } from './grant.ts'
import type { PlannedGrant } from './plan.ts'

/**
 * No basis: the person is asked. Uses up nothing but the proof, so that the agent can repeat the exchange with the same
 * subject token after the person has answered; unless it lets the answer be deferred: then a code takes the place of its credentials.
 */
export async function askPerson(
  parts: GrantParts,
  opening: AuthenticatedOpening,
  missing: UncoveredAuthority,
): Promise<MissingConsent | DeferredOpening | GrantRefusal | WriteConflict> {
  const { attempt, person, request } = opening
  const { agent, proof } = opening.requester
  if (!person || !proof) throw new TypeError('a person is asked by an agent with a key')
  const full = opening.defer && (await parts.room?.isFullFor(agent.id, person.id))
  if (full) return refuseOpening(parts, attempt, full)
  const asking = parts.storage.transaction<PersonAskResult>(async (tx) => {
    const asking = {
      agentId: agent.id,
      personId: person.id,
      purpose: request.purpose,
      details: missing.details,
      actors: request.way?.kind === 'asserted' ? request.way.actors : [],
    }
    // INVARIANT: read here, so that a yes given in this very moment is not followed by the same question.
    const now = await basesFor(tx, { ...asking, now: parts.clock.now() })
    if (!sameBases(now, missing.bases)) return OVERTAKEN
    await useProof(tx, proof)
    const waiting = waitingOf(opening, person.id)
    const same = opening.defer && (await findHeldBack(parts, tx, waiting))
    if (same) return { outcome: 'deferred', held: same }
    const done = await requestConsent(parts, tx, asking)
    const deferred = opening.defer !== undefined && done.outcome === 'asked'
    const held = deferred
      ? await holdOpening(parts, tx, { opening, waiting }, done.consentId)
      : undefined
    await parts.ledger.append(tx, {
      ...attempt.about,
      type: held ? 'task.deferred' : 'task.refused',
      outcome: held ? 'deferred' : 'refused',
      reason: REASON[done.outcome],
      thumbprint: proof.thumbprint,
      origin: { ip: attempt.ip },
    })
    return held ? { outcome: 'deferred', held } : done
  })
  const answer = await asking.catch(asRefused)
  if (answer.outcome === 'refused') return refuseOpening(parts, attempt, answer)
  if (answer.outcome === 'overtaken') return answer
  if (answer.outcome === 'deferred') {
    const { code, consentId, expiresIn, interval } = answer.held
    const page = `${parts.issuer}/consent/${consentId}`
    return { outcome: 'deferred', code, expiresIn, interval, page }
  }
  if (answer.outcome === 'asked') {
    const { consentId } = answer
    return { outcome: 'needs_consent', consentId, page: `${parts.issuer}/consent/${consentId}` }
  }
  return refused(REASON[answer.outcome], DETAIL[answer.outcome])
}

/**
 * Puts the question about what a grant lacks, so that the agent is told where the person can allow it. No person is asked twice in a
 * day about the same, nor about what they left out of an answer that still counts: an agent that needs it says so.
 */
export async function offerRest(
  parts: GrantParts,
  { requester, person, request }: AuthenticatedOpening,
  { bases, missing }: Pick<PlannedGrant, 'bases' | 'missing'>,
): Promise<MissingDetails['question']> {
  if (!person || !requester.proof || !missing || missing.askable.length === 0) return undefined
  const { agent } = requester
  const asking = {
    agentId: agent.id,
    personId: person.id,
    purpose: request.purpose,
    details: missing.askable,
    actors: request.way?.kind === 'asserted' ? request.way.actors : [],
  }
  const { read } = parts.storage
  const before = await questionsBehind(read, { ...asking, basisIds: bases.map(({ id }) => id) })
  const { kindOf } = await parts.catalog.current()
  if (containsByType(before, missing.askable, kindOf)) return undefined
  return parts.storage.transaction(async (tx) => {
    if (await wasAskedSince(tx, asking, parts.clock.now(), RESTS_MS)) return undefined
    const done = await requestConsent(parts, tx, asking)
    if (done.outcome !== 'asked') return undefined
    const { consentId } = done
    return { consentId, page: `${parts.issuer}/consent/${consentId}` }
  })
}

/** Time in ms after an unanswered question before it is put again by itself. */
const RESTS_MS = DAY

type PersonAskResult =
  | ConsentAskResult
  | { readonly outcome: 'deferred'; readonly held: DeferralAnswer }
  | WriteConflict

/**
 * INVARIANT: assertion and subject token are used up with the code that takes their place. A throw undoes everything, the question
 * included.
 */
async function holdOpening(
  parts: Pick<GrantParts, 'clock' | 'master' | 'random'>,
  tx: Tx,
  {
    opening,
    waiting,
  }: { readonly opening: AuthenticatedOpening; readonly waiting: DeferralRequest },
  consentId: DeferralAnswer['consentId'] & string,
): Promise<DeferralAnswer> {
  await useUpOpening(tx, opening)
  const consent = await findConsent(tx, consentId)
  if (!consent) throw new Error('a question is gone in the moment it was put')
  return holdBack(parts, tx, waiting, {
    consentId,
    answeredBy: consent.expiresAt,
    notificationToken: opening.defer?.notificationToken,
  })
}

function sameBases(one: readonly Basis[], other: readonly Basis[]): boolean {
  const ids = new Set(one.map(({ id }) => id))
  return one.length === other.length && other.every(({ id }) => ids.has(id))
}

const REASON = {
  asked: 'consent.required',
  denied: 'consent.denied',
  too_many_pending: 'consent.too_many_pending',
} as const

const DETAIL = {
  denied: 'the person denied this a short while ago',
  too_many_pending: 'the agent has asked this person for other things that wait for an answer',
} as const
