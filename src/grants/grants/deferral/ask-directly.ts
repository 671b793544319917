import { callsIn, type Detail, type StepUp } from '@remit/engine'
import { useCredential } from '../../../identity/agent-authentication/index.ts'
import { hasShare, sharedBy } from '../../../platform/lib/fair-share.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { HOUR } from '../../../platform/lib/time-units.ts'
import type { Tx } from '../../../platform/storage/index.ts'
import {
  type ConsentQuestion,
  countAskedInVain,
  isDeniedNow,
  MAX_ASKED_AN_HOUR,
  requestConsent,
} from '../../../tasks/consent/index.ts'
import { checkPurpose } from '../../../tasks/tasks/index.ts'
import {
  asRefused,
  detailsAt,
  type GrantRefusal,
  issuingBy,
  refused,
  refuseOpening,
} from '../../issuance/index.ts'
import type { OpeningRequest, WantedTask } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { type AskingAgent, readCaller } from '../pipeline/authenticate-requester.ts'
import { attemptBy, isFailed, refuseFailed } from '../pipeline/authenticated.ts'
import { useProof } from '../pipeline/begin.ts'
import { type DeferralAnswer, holdBack } from '../pipeline/defer.ts'
import { grantOpening } from '../pipeline/grant.ts'
import { findByHint, type Hint } from './hint.ts'
import { type AskingParties, allGranted, isAllowedBefore } from './standing-consent.ts'

/** An agent asks a person itself (OpenID CIBA). A proof binds the key at once; without one, the first poll does. */
export interface BackchannelRequest extends OpeningRequest, WantedTask {
  readonly hint: Hint
  /** Message in the agent's own words. */
  readonly message: string | undefined
  /** Way in which the person has to have signed in to say yes. */
  readonly stepUp?: StepUp | null
  /** Seconds to answer in. */
  readonly waits: number
  readonly notificationToken: string | undefined
}

export type DirectAskResult =
  | { readonly outcome: 'asked'; readonly held: DeferralAnswer }
  | GrantRefusal

/**
 * Puts an agent's question to a person, unless they allowed all of it before; then that is the answer, as with a token
 * exchange. A question with a sign-in of its own is always put, and so is one that the person denied a short while ago.
 */
export async function askDirectly(
  parts: GrantParts,
  request: BackchannelRequest,
): Promise<DirectAskResult> {
  const caller = await readCaller(parts, request)
  if (isFailed(caller)) return refuseFailed(parts, caller)
  const asked = await askBackchannel(parts, request, caller).catch(asRefused)
  return asked.outcome === 'asked' ? asked : refuseCaller(parts, request, caller, asked)
}

/** A request that cannot be read. Its client authenticates first, and is told the fault only then (CIBA section 7.2). */
export async function refuseQuestion(
  parts: GrantParts,
  request: OpeningRequest,
  wrong: GrantRefusal,
): Promise<GrantRefusal> {
  const caller = await readCaller(parts, request)
  if (isFailed(caller)) return refuseFailed(parts, caller)
  return refuseCaller(parts, request, caller, wrong)
}

export function refuseCaller(
  parts: GrantParts,
  request: OpeningRequest,
  { agent, proof }: AskingAgent,
  refusal: GrantRefusal,
): Promise<GrantRefusal> {
  return refuseOpening(parts, attemptBy(request, proof, { agent: agent.id }), refusal)
}

async function askBackchannel(
  parts: GrantParts,
  request: BackchannelRequest,
  caller: AskingAgent,
): Promise<DirectAskResult> {
  const { agent, proof } = caller
  if (request.message !== undefined) checkMessage(request.message)
  const person = await findByHint(parts, agent, request.hint)
  if (!person) return NOBODY
  const who = { agent, person, issuing: issuingBy('ciba', request) }
  const details = await directQuestion(parts, request, who)
  if ('outcome' in details) return details.reason.startsWith('person.') ? NOBODY : details
  const full = await parts.room?.isFullFor(agent.id, person.id)
  if (full) return full
  const { stepUp = null } = request
  const allowed = stepUp === null && (await isAllowedBefore(parts, request, who, details))
  const now = parts.clock.now()
  const answeredBy = now + request.waits * 1000
  return parts.storage.transaction(async (tx) => {
    await useUpAssertion(tx, caller)
    const question: ConsentQuestion = {
      ...{ agentId: agent.id, personId: person.id, purpose: request.purpose, details },
      asked: { by: 'ciba', message: request.message ?? null, from: null, stepUp },
      expiresAt: answeredBy,
    }
    // INVARIANT: no question is stored for an earlier consent, which is judged at the poll, as it is then.
    const consentId =
      allowed && !(await isDeniedNow(tx, question, now))
        ? null
        : await putQuestion(parts, tx, question)
    if (consentId === null) await recordAllowed(parts, tx, question)
    const token = request.notificationToken
    const held = await holdBack(
      parts,
      tx,
      {
        flow: 'ciba',
        // OpenID CIBA section 7.1: without a token there is no ping.
        agent: { id: agent.id, notifyAt: token === undefined ? null : agent.notifyAt },
        personId: person.id,
        thumbprint: proof?.thumbprint ?? null,
        request: { ...request, proved: { authTime: null, acr: null } },
      },
      { consentId, answeredBy, notificationToken: token },
    )
    return { outcome: 'asked', held }
  })
}

async function recordAllowed(
  { ledger }: Pick<GrantParts, 'ledger'>,
  tx: Tx,
  { agentId: agent, asked, details, personId: person, purpose }: ConsentQuestion,
): Promise<void> {
  await ledger.append(tx, {
    ...{ type: 'consent.allowed_before', agent, person },
    facts: { details, asked_by: asked?.by },
    private: { purpose, message: asked?.message ?? undefined },
  })
}

const NOBODY = refused('backchannel.unknown_person', 'the hint matches no person who can be asked')

export async function useUpAssertion(tx: Tx, { assertion, proof }: AskingAgent): Promise<void> {
  if (proof) await useProof(tx, proof)
  await useCredential(tx, assertion)
}

/**
 * Builds the question for all that is wanted, to do and to hand on, within the agent's ceiling: whatever the
 * person allowed before.
 */
export async function directQuestion(
  parts: GrantParts,
  wanted: WantedTask & { readonly resource?: string | undefined },
  who: AskingParties,
): Promise<readonly Detail[] | GrantRefusal> {
  const { agent, issuing, person } = who
  const nothingBefore = { only: 'nothing' }
  const issuers = await parts.issuers.behind(agent)
  const given = { agent, subject: { person }, issuers, issuing }
  const grant = await grantOpening(parts, wanted, given, { ...nothingBefore, asksPeople: true })
  if (grant.outcome === 'refused') return grant
  // Whom rules want to be asked is asked after the person.
  const details = grant.outcome === 'needs_consent' ? grant.details : allGranted(grant)
  if (wanted.resource === undefined) return details
  const there = (await parts.catalog.current()).at(wanted.resource).locations
  if (detailsAt(callsIn(details), there).length === 0)
    return refused('task.resource_not_granted', 'nothing can be granted at this resource')
  return details
}

/**
 * Answers the question's id. One person is not asked by all agents at once, nor all the time; questions that they answer
 * with a yes are not in vain, and are not counted.
 * @throws Problem `consent.denied`, `consent.too_many_pending`
 */
export async function putQuestion(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'random'>,
  tx: Tx,
  asking: ConsentQuestion,
): Promise<DeferralAnswer['consentId'] & string> {
  const since = parts.clock.now() - HOUR
  const asked = await countAskedInVain(tx, asking.personId, since)
  if (!hasShare(sharedBy(asked, asking.agentId, MAX_ASKED_AN_HOUR)))
    throw new Problem(
      'consent.too_many_pending',
      'the agent asked the person too often in the last hour without a yes',
    )
  const done = await requestConsent(parts, tx, asking)
  if (done.outcome === 'asked') return done.consentId
  throw done.outcome === 'denied'
    ? new Problem('consent.denied', 'the person denied this a short while ago')
    : new Problem('consent.too_many_pending', 'the agent has other requests to this person pending')
}

const MAX_MESSAGE = 120

function checkMessage(message: string): void {
  try {
    if ([...message].length > MAX_MESSAGE) throw new TypeError('too long')
    checkPurpose(message)
  } catch {
    throw new Problem(
      'backchannel.bad_message',
      `a binding message is 1 to ${MAX_MESSAGE} visible characters on one line`,
    )
  }
}
