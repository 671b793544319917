import { containsByType, type Detail, intersect, type KindOf } from '@remit/engine'
import { isRegisteredRedirect } from '../../identity/client-metadata/index.ts'
import type { Person } from '../../identity/people/index.ts'
import { isProvedWell, type SignInProof } from '../../identity/sessions/index.ts'
import { onProblem } from '../../platform/lib/problem.ts'
import type { GrantParts } from '../grants/index.ts'
import { adviseStepUp } from '../issuance/index.ts'
import { answerAuthorization } from './answer-authorization.ts'
import type { Authorization } from './authorization.ts'
import { lastAllowed } from './authorization-store.ts'
import { offerTo } from './offer.ts'
import { standingConsent } from './standing-consent.ts'

/** Person at the browser, and how they signed in. */
export interface PresentPerson {
  readonly person: Person
  readonly proved: SignInProof
}

/** Answer that an earlier consent gives to a request. */
interface Return {
  readonly basisId: NonNullable<Authorization['basisId']>
  readonly expiresAt: number
  readonly details: readonly Detail[]
  readonly offered: readonly Detail[]
}

/**
 * The consent under which a client comes back without its person being asked again (contract 12.7): of the same person, for
 * the same purpose, to the same address, in force, and covering the request. Changes nothing.
 */
export async function returnOf(
  parts: GrantParts,
  asked: Authorization,
  { person, proved }: PresentPerson,
): Promise<Return | undefined> {
  const { read } = parts.storage
  const now = parts.clock.now()
  if (!asked.mayReturn || asked.state !== 'pending' || asked.expiresAt <= now) return undefined
  const { agent, known, offered, resource } = await offerTo(parts, asked, person)
  if (!known || !resource || offered.length === 0) return undefined
  const of = { agentId: agent.id, personId: person.id, resource: asked.resource }
  const before = await lastAllowed(read, of)
  if (!before?.mayReturn || before.basisId === null || !isSameQuestioner(before, asked))
    return undefined
  const basis = await standingConsent(read, before.basisId, now)
  if (!basis || !isProvedAsWanted(parts, asked, proved)) return undefined
  const { kindOf } = await parts.catalog.current()
  const details = isSameQuestion(before, asked)
    ? stillOffered(before.details, offered, kindOf)
    : containsByType(before.details, offered, kindOf)
      ? offered
      : []
  if (details.length === 0) return undefined
  // The page would advise to sign in for some of it.
  const calls = { person, agent, resource, offered: details, proved }
  if (await adviseStepUp(parts, calls)) return undefined
  return { basisId: basis.id, expiresAt: basis.expiresAt, details, offered }
}

/** Answers a request by the consent that its person gave before; `undefined`: there is none that does, or not any more. */
export async function answerByReturn(
  parts: GrantParts,
  asked: Authorization,
  present: PresentPerson,
): Promise<Authorization | undefined> {
  const found = await returnOf(parts, asked, present)
  if (!found) return undefined
  const { kindOf } = await parts.catalog.current()
  const { basisId: under, ...given } = found
  return answerAuthorization(
    parts,
    {
      ...given,
      ...present.proved,
      ...{ authorizationId: asked.id, browser: asked.browser, person: present.person },
      ...{ answer: 'grant', mayReturn: true, under },
    },
    kindOf,
  ).catch(onProblem(() => undefined))
}

/** Details that the person left, as they stand where all of them are offered: others were asked about them in that form. */
function stillOffered(left: readonly Detail[], offered: readonly Detail[], kindOf: KindOf) {
  return containsByType(offered, left, kindOf) ? left : intersect(left, offered, kindOf)
}

/** Compares name, redirect address and keys: all that can be told of a program. */
function isSameQuestioner(before: Authorization, asked: Authorization): boolean {
  return (
    before.clientName === asked.clientName &&
    isRegisteredRedirect([before.redirectUri], asked.redirectUri) &&
    JSON.stringify(before.proves ?? null) === JSON.stringify(asked.proves ?? null)
  )
}

function isSameQuestion(before: Authorization, asked: Authorization): boolean {
  return before.scope === asked.scope && before.askedDetails === asked.askedDetails
}

function isProvedAsWanted(
  { clock, stepUp }: Pick<GrantParts, 'clock' | 'stepUp'>,
  asked: Authorization,
  proved: SignInProof,
): boolean {
  if (asked.stepUp && !isProvedWell(proved, asked.stepUp, asked.createdAt)) return false
  return !stepUp || isProvedWell(proved, stepUp, clock.now())
}
