import type { IncomingMessage } from 'node:http'
import { beginDevice, type DecisionParts } from '../../decisions/index.ts'
import { headerValues } from '../../http/index.ts'
import { Problem } from '../../lib/problem.ts'
import type { Form } from '../form.ts'
import { readForm, required } from '../form.ts'
import { polled } from '../grants/deferred.ts'
import { limitsOf, openingOf, type Presented, placeOf, wantedOf } from '../grants/read.ts'
import type { TokenAnswer } from '../token-answer.ts'
import { refusalProblem } from '../token-answer.ts'

export const DEVICE = '/oauth/device_authorization'

/**
 * The device authorization endpoint (RFC 8628 section 3.1), where it is switched on. No `verification_uri_complete`: an address that
 * carries the code is what phishing sends around.
 */
export async function deviceEndpoint(
  message: IncomingMessage,
  { decisions, issuer }: { readonly decisions: DecisionParts; readonly issuer: string },
): Promise<object> {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const { form } = await readForm(message)
  const answer = await beginDevice(decisions, {
    ...openingOf(form),
    ...wantedOf(form),
    ...limitsOf(form),
    ...placeOf(form),
    purpose: required(form, 'purpose'),
    proof: headerValues(message, 'dpop'),
    method: 'POST',
    url: `${issuer}${DEVICE}`,
    origin: { ip: message.socket.remoteAddress ?? '' },
  })
  if (answer.outcome === 'refused') throw refusalProblem(answer)
  return {
    device_code: answer.held.code,
    user_code: answer.userCode,
    verification_uri: `${issuer}/device`,
    expires_in: answer.waits,
    interval: answer.held.interval,
  }
}

/** Polling with a device code (RFC 8628 section 3.4). */
export function deviceCode(
  parts: DecisionParts,
  presented: Presented,
  form: Form,
): Promise<TokenAnswer> {
  return polled(parts, presented, form, { flow: 'device', name: 'device_code' })
}
