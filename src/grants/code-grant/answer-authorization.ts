import { containsByType, type Detail, type KindOf } from '@remit/engine'
import type { Agent } from '../../identity/agents/index.ts'
import { admitAgentIn } from '../../identity/client-metadata/index.ts'
import { expireRegistrations, keepRegistration } from '../../identity/opaque-tokens/index.ts'
import { requireProved } from '../../identity/sessions/index.ts'
import { agentIdOf } from '../../platform/lib/client-url.ts'
import type { Id } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { grantBasisIn } from '../../tasks/consent/index.ts'
import type { TaskParts } from '../../tasks/tasks/index.ts'
import { AUTHORIZATION_KEPT, type Authorization } from './authorization.ts'
import {
  agentBefore,
  answerPendingAuthorization,
  findAuthorization,
  instancesBefore,
} from './authorization-store.ts'
import { standingConsent } from './standing-consent.ts'

/** Answer of the person. */
export interface AuthorizationAnswer {
  readonly authorizationId: string
  /** Digest of what the browser has that the answer came from. */
  readonly browser: string | undefined
  readonly person: { readonly id: Id<'person'> }
  /** `introduce`: the client becomes an agent that waits for an administrator, and is given nothing. */
  readonly answer: 'grant' | 'deny' | 'introduce'
  /** Details of a grant: the chosen part of `offered`. */
  readonly details: readonly Detail[]
  /** Requested details that lie within the agent's ceiling, worked out again for this answer. */
  readonly offered: readonly Detail[]
  /** Time when the consent ends by itself, epoch milliseconds. */
  readonly expiresAt: number
  /** The person lets the consent answer later requests of the client. */
  readonly mayReturn: boolean
  /** Earlier consent that answers instead of the person. */
  readonly under?: Id<'basis'> | undefined
  /** Time when the person last proved who they are, and how, as far as their provider says. */
  readonly authTime: number | null
  readonly acr?: string | null
}

/** Time that a registration stays which the same person's next one of the same software replaced. */
const INSTANCE_KEPT_MS = DAY

type AnsweringParts = Pick<TaskParts, 'storage' | 'ledger' | 'clock' | 'random' | 'live' | 'stepUp'>

/**
 * Takes a person's answer to a client. A grant makes the client an agent, if it was none, and the consent a delegation
 * basis; the code then opens the task. Answers it as it is afterwards.
 * @throws Problem `authorization.unknown` (also in another browser), `authorization.not_pending`, `consent.widened`,
 * `consent.nothing_granted`, `authorization.changed`, `step_up.required`
 */
export function answerAuthorization(
  parts: AnsweringParts,
  answer: AuthorizationAnswer,
  kindOf: KindOf,
): Promise<Authorization> {
  return parts.storage.transaction(async (tx) => {
    const asked = await findAuthorization(tx, answer.authorizationId)
    // INVARIANT: the browser that began, and no other. Otherwise a person could be brought to answer for the client of
    // an attacker, who would then receive the code.
    if (!asked || answer.browser === undefined || asked.browser !== answer.browser)
      throw new Problem('authorization.unknown', 'this browser has no such request')
    const now = parts.clock.now()
    if (asked.state !== 'pending' || asked.expiresAt <= now)
      throw new Problem('authorization.not_pending', 'the request is no longer pending')
    if (answer.answer === 'introduce') {
      await admit(parts, tx, asked, answer)
      return asked
    }
    if (answer.answer === 'grant') requireStepUp(parts, asked, answer)
    const after = {
      ...asked,
      personId: answer.person.id,
      authTime: answer.authTime,
      acr: answer.acr ?? null,
      expiresAt: now + AUTHORIZATION_KEPT,
    }
    return answer.answer === 'grant'
      ? grant(parts, tx, after, { ...answer, details: narrowed(answer, { kindOf, now }) })
      : endAuthorization(parts, tx, { ...after, state: 'denied' }, answer)
  })
}

/**
 * Checks the sign-in. The client's requirement is measured at the time when it asked, the one for
 * everybody now.
 */
function requireStepUp(
  { clock, stepUp }: AnsweringParts,
  asked: Authorization,
  { acr = null, authTime }: AuthorizationAnswer,
): void {
  const proved = { acr, authTime }
  if (asked.stepUp) requireProved(proved, [asked.stepUp], asked.createdAt)
  if (stepUp) requireProved(proved, [stepUp], clock.now())
}

function narrowed(
  { details, offered, expiresAt }: AuthorizationAnswer,
  { kindOf, now }: { kindOf: KindOf; now: number },
): readonly Detail[] {
  if (details.length === 0 || expiresAt <= now)
    throw new Problem('consent.nothing_granted', 'nothing of the request is left; deny it instead')
  if (!containsByType(offered, details, kindOf))
    throw new Problem('consent.widened', 'a consent can only narrow the request')
  return details
}

/** The client is an agent from now on, and its registration stays as long as that. */
async function admit(
  parts: AnsweringParts,
  tx: Tx,
  asked: Authorization,
  { person }: AuthorizationAnswer,
): Promise<Agent> {
  const wasAgent = await agentBefore(tx, asked.clientId)
  const agent = await admitAgentIn(parts, tx, asked, person.id, wasAgent)
  const kept = await keepRegistration(tx, asked.clientId)
  // INVARIANT: a client that took its registration back becomes no agent in the same moment.
  if (!kept && agent.admission !== null && agent.clientUrl === null)
    throw new Problem('authorization.changed', 'the program is no longer registered')
  return agent
}

async function grant(
  parts: AnsweringParts,
  tx: Tx,
  asked: Authorization,
  answer: AuthorizationAnswer,
): Promise<Authorization> {
  const { details, expiresAt, person } = answer
  const agent = await admit(parts, tx, asked, answer)
  // INVARIANT: as it is in this transaction. The rule that the page was made under may be gone by now.
  if (agent.trust === 0 || agent.status !== 'active')
    throw new Problem('consent.nothing_granted', 'the program is not admitted, or no longer')
  if (answer.under !== undefined && !(await standingConsent(tx, answer.under, parts.clock.now())))
    throw new Problem('authorization.changed', 'the earlier consent ended meanwhile')
  const basisId =
    answer.under ??
    (
      await grantBasisIn(parts, tx, {
        personId: person.id,
        agentId: agent.id,
        kind: 'consent',
        details,
        grantedBy: person.id,
        expiresAt,
      })
    ).id
  const before = await instancesBefore(tx, asked, { agentId: agent.id, personId: person.id })
  await expireRegistrations(tx, before, parts.clock.now() + INSTANCE_KEPT_MS)
  const { mayReturn } = answer
  const granted = { state: 'granted', details, basisId, mayReturn, agentId: agent.id } as const
  return endAuthorization(parts, tx, { ...asked, ...granted }, answer)
}

async function endAuthorization(
  parts: AnsweringParts,
  tx: Tx,
  after: Authorization & { readonly state: 'granted' | 'denied' },
  answer: AuthorizationAnswer,
): Promise<Authorization> {
  if (!(await answerPendingAuthorization(tx, after)))
    throw new Error('an authorization changed inside the transaction that read it')
  await parts.ledger.append(tx, {
    type: 'authorization.answered',
    person: answer.person.id,
    agent: after.agentId ?? agentIdOf(after.clientId),
    by: answer.person.id,
    outcome: after.state,
    facts: {
      resource: after.resource,
      redirect_uri: after.redirectUri,
      basis: after.basisId ?? undefined,
      returned: answer.under && true,
      auth_time: answer.authTime ?? undefined,
      acr: answer.acr ?? undefined,
    },
  })
  return after
}
