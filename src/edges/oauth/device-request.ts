import type { IncomingMessage } from 'node:http'
import { beginDevice, type GrantParts } from '../../grants/grants/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { readClientForm } from './attestation.ts'
import { required } from './form.ts'
import { openingOf, requiresAll, spaceAndThread, wantedLimits, wantedOf } from './grants/read.ts'
import { type PresentingPorts, presentedAt } from './presented.ts'
import { refusalProblem } from './token-answer.ts'

export const DEVICE = '/oauth/device_authorization'

/**
 * The device authorization endpoint (RFC 8628 section 3.1), where it is switched on. No `verification_uri_complete`: an address that
 * carries the code is what phishing sends around.
 */
export async function deviceEndpoint(
  message: IncomingMessage,
  ports: PresentingPorts & { readonly decisions: GrantParts },
): Promise<object> {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const { form } = await readClientForm(message)
  const answer = await beginDevice(ports.decisions, {
    ...presentedAt(message, ports, DEVICE),
    ...openingOf(form),
    ...wantedOf(form),
    ...wantedLimits(form),
    ...spaceAndThread(form),
    requireAll: requiresAll(form),
    purpose: required(form, 'purpose'),
  })
  if (answer.outcome === 'refused') throw refusalProblem(answer)
  return {
    device_code: answer.held.code,
    user_code: answer.userCode,
    verification_uri: `${ports.issuer}/device`,
    expires_in: answer.waits,
    interval: answer.held.interval,
  }
}
