import type { IncomingMessage } from 'node:http'
import {
  askDirectly,
  type GrantParts,
  type Hint,
  refuseQuestion,
} from '../../grants/grants/index.ts'
import { asRefused, isRefused } from '../../grants/issuance/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { HOUR_SECONDS } from '../../platform/lib/time-units.ts'
import { readClientForm } from './attestation.ts'
import { type Form, refuseParameters } from './form.ts'
import {
  credentialsOf,
  isNotificationToken,
  refuseActor,
  requiresAll,
  spaceAndThread,
  wantedLimits,
  wantedOf,
} from './grants/read.ts'
import { type PresentingPorts, presentedAt } from './presented.ts'
import { refusalProblem } from './token-answer.ts'
import { wantedStepUp } from './wanted-step-up.ts'

export const BACKCHANNEL = '/oauth/bc-authorize'

/** Seconds that a person has to answer. */
const WAITS = { usual: 600, most: HOUR_SECONDS, least: 30 } as const
const HINTS = ['login_hint', 'id_token_hint', 'login_hint_token'] as const

/**
 * The backchannel authentication endpoint (OpenID CIBA section 7), poll and ping. The client is a registered agent; the person whom it asks
 * answers on their own page, signed in. Without `purpose`, the binding message is it.
 */
export async function backchannelEndpoint(
  message: IncomingMessage,
  ports: PresentingPorts & { readonly decisions: GrantParts },
): Promise<object> {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const { form } = await readClientForm(message)
  const { issuer } = ports
  const asking = {
    ...presentedAt(message, ports, BACKCHANNEL),
    ...credentialsOf(form),
    // Section 7.1 has it so. RFC 7523bis has the issuer alone: everywhere else that is all that counts.
    audiences: ports.decisions.fapi2 ? [] : [`${issuer}/oauth/token`, `${issuer}${BACKCHANNEL}`],
  }
  const question = questionOf(form)
  const answer = isRefused(question)
    ? await refuseQuestion(ports.decisions, asking, question)
    : await askDirectly(ports.decisions, { ...asking, ...question })
  if (answer.outcome === 'refused') throw refusalProblem(answer)
  const { code, expiresIn, interval } = answer.held
  return { auth_req_id: code, expires_in: expiresIn, interval }
}

/** Reads the question, or its fault. */
function questionOf(form: Form) {
  try {
    refuseParameters(form, ['request', 'subject_token'], 'is not accepted here')
    refuseActor(form)
    const binding = form.get('binding_message')
    const purpose = form.get('purpose') ?? binding
    if (purpose === undefined)
      throw new Problem('oauth.invalid_request', '`purpose` or `binding_message` is needed')
    const wanted = wantedOf(form)
    return {
      ...wanted,
      scope: withoutOpenId(wanted.scope),
      ...wantedLimits(form),
      ...spaceAndThread(form),
      requireAll: requiresAll(form),
      purpose,
      hint: hintOf(form),
      message: binding,
      stepUp: wantedStepUp(form),
      waits: waitsOf(form),
      notificationToken: notificationTokenOf(form),
    }
  } catch (error) {
    return asRefused(error)
  }
}

/** Exactly one (section 7.1). */
function hintOf(form: Form): Hint {
  const given = HINTS.filter((kind) => form.has(kind))
  const [kind] = given
  const value = kind === undefined ? undefined : form.get(kind)
  if (kind === undefined || value === undefined || given.length > 1)
    throw new Problem('oauth.invalid_request', `exactly one of ${HINTS.join(', ')} is needed`)
  return { kind, value }
}

/** Every client of CIBA sends it. No ID token is issued: who the person is, the access token says. */
export function withoutOpenId(scope: string | undefined): string | undefined {
  const left = scope?.split(' ').filter((name) => name !== 'openid')
  return left?.length ? left.join(' ') : undefined
}

function waitsOf(form: Form): number {
  const asked = form.get('requested_expiry')
  if (asked === undefined) return WAITS.usual
  if (!/^[1-9]\d{0,8}$/.test(asked))
    throw new Problem('oauth.invalid_request', '`requested_expiry` is a number of seconds')
  return Math.min(Math.max(Number(asked), WAITS.least), WAITS.most)
}

function notificationTokenOf(form: Form): string | undefined {
  const token = form.get('client_notification_token')
  if (token !== undefined && !isNotificationToken(token))
    throw new Problem(
      'oauth.invalid_request',
      '`client_notification_token` is 22 to 1024 characters of a bearer token',
    )
  return token
}
