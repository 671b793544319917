import type { Detail } from '@remit/engine'
import { addEvent } from '../../identity/notifications/index.ts'
import type { ForeignActor } from '../../identity/tokens/index.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { type Id, newId } from '../../platform/lib/id.ts'
import { HOUR, MINUTE } from '../../platform/lib/time-units.ts'
import type { Tx } from '../../platform/storage/index.ts'
import type { ConsentRequest } from './consent.ts'
import { consentsBetween, insertConsent, unansweredBetween } from './consent-store.ts'
import type { ConsentParts } from './parts.ts'

/** Time in ms for which a consent request waits for its answer. */
export const CONSENT_WAIT_MS = HOUR
/** Time in ms that a person who sits before the agent has to answer before anybody tells them. */
const PRESENT_MS = MINUTE
/** Maximum of requests of one agent that wait for one person, so that it cannot fill a page. */
export const MAX_PENDING_CONSENTS = 5
/**
 * Places of the questions in an hour that agents put to one person by themselves and that the person did not answer with
 * a yes. The agents share them: one agent has at most ten, and leaves room for others.
 */
export const MAX_ASKED_AN_HOUR = 30

/**
 * Request of an agent that a person allow something. `details` are within what the agent could get
 * at all.
 */
export interface ConsentQuestion {
  readonly agentId: string
  readonly personId: Id<'person'>
  readonly purpose: string
  readonly details: readonly Detail[]
  /** Agents that acted elsewhere before it. */
  readonly actors?: readonly ForeignActor[]
  /**
   * Question that the agent puts itself: it is answered for one task, and no other waits for the
   * same answer.
   */
  readonly asked?: ConsentRequest['asked']
  /** Time when it ends without an answer; in an hour, when left out. */
  readonly expiresAt?: number
}

export type ConsentAskResult =
  | { readonly outcome: 'asked'; readonly consentId: Id<'consent'> }
  /** The person said no to the same question lately; it can be put again at `until`. */
  | { readonly outcome: 'denied'; readonly until: number }
  | { readonly outcome: 'too_many_pending' }

/** Asks, or attaches to the same question that waits already. Part of the transaction that refuses the opening. */
export async function requestConsent(
  parts: Pick<ConsentParts, 'ledger' | 'clock' | 'random'>,
  tx: Tx,
  asking: ConsentQuestion,
): Promise<ConsentAskResult> {
  const now = parts.clock.now()
  const asked = await consentsBetween(tx, { ...asking, since: now })
  const same = asked.filter((known) => sameQuestion(known, asking))
  const denied = same.find(({ state }) => state === 'denied')
  if (denied) return { outcome: 'denied', until: denied.expiresAt }
  const waiting = same.find(
    (known) =>
      known.purpose === asking.purpose &&
      !known.asked &&
      !asking.asked &&
      // INVARIANT: the page that the person reads says who is behind this very opening.
      canonicalJson(known.actors) === canonicalJson(asking.actors ?? []),
  )
  if (waiting) return { outcome: 'asked', consentId: waiting.id }
  if (asked.filter(({ state }) => state === 'pending').length >= MAX_PENDING_CONSENTS)
    return { outcome: 'too_many_pending' }
  const request: ConsentRequest = {
    ...asking,
    id: newId('consent', parts.random),
    state: 'pending',
    basisId: null,
    asked: asking.asked ?? null,
    actors: asking.actors ?? [],
    authTime: null,
    acr: null,
    createdAt: now,
    expiresAt: asking.expiresAt ?? now + CONSENT_WAIT_MS,
  }
  await insertConsent(tx, request)
  await addEvent(parts, tx, {
    ...{ kind: 'consent', subject: request.id, at: now },
    // An agent that asks by itself is sure of no person; others have just been told where the page is.
    ...(request.asked?.by === 'ciba' ? {} : { after: PRESENT_MS }),
  })
  await parts.ledger.append(tx, {
    type: 'consent.requested',
    person: request.personId,
    agent: request.agentId,
    facts: {
      consent: request.id,
      details: request.details,
      asked_by: request.asked?.by,
      ...(request.actors.length === 0 ? {} : { actors: request.actors }),
    },
    private: { purpose: request.purpose, message: request.asked?.message ?? undefined },
  })
  return { outcome: 'asked', consentId: request.id }
}

/** Tells whether the person said no to the same question lately. */
export async function isDeniedNow(tx: Tx, asking: ConsentQuestion, now: number): Promise<boolean> {
  const asked = await consentsBetween(tx, { ...asking, since: now })
  return asked.some((known) => known.state === 'denied' && sameQuestion(known, asking))
}

/** Tells whether the same question was put lately, and is over without an answer. */
export async function wasAskedSince(
  tx: Tx,
  asking: ConsentQuestion,
  now: number,
  ms: number,
): Promise<boolean> {
  const old = await unansweredBetween(tx, { ...asking, since: now - ms, until: now })
  return old.some((known) => sameQuestion(known, asking))
}

/** The purpose is words; what would be allowed is what counts. */
function sameQuestion(known: ConsentRequest, asking: ConsentQuestion): boolean {
  return canonicalJson(known.details) === canonicalJson(asking.details)
}
