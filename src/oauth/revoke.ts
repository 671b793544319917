import type { IncomingMessage } from 'node:http'
import {
  cancelDeferral,
  type DecisionParts,
  isDeferralCode,
  revokeToken,
} from '../decisions/index.ts'
import { headerValues } from '../http/index.ts'
import { Problem } from '../lib/problem.ts'
import { readForm, required } from './form.ts'

/**
 * Revocation (RFC 7009). A task token ends its task with everything below it; a resource token ends every resource token of its
 * task that exists now. Whoever holds a token may revoke it: that only ever takes access away. Unknown tokens: 200, as
 * section 2.2 asks. Answers after every replica knows.
 *
 * A code that an agent waits with takes nothing back but a question to people, so there the agent authenticates, with the key that it
 * waits with.
 */
export async function revocationEndpoint(
  message: IncomingMessage,
  ports: { readonly decisions: DecisionParts; readonly issuer: string },
): Promise<void> {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const { form } = await readForm(message)
  const token = required(form, 'token')
  if (!isDeferralCode(token)) return revokeToken(ports.decisions, token)
  await cancelDeferral(ports.decisions, {
    code: token,
    assertion: form.get('client_assertion'),
    assertionType: form.get('client_assertion_type'),
    proof: headerValues(message, 'dpop'),
    method: 'POST',
    url: `${ports.issuer}/oauth/revoke`,
    origin: { ip: message.socket.remoteAddress ?? '' },
  })
}
