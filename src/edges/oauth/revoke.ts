import type { IncomingMessage } from 'node:http'
import { cancelDeferral, type GrantParts, isDeferralCode } from '../../grants/grants/index.ts'
import { revokeToken } from '../../grants/token-status/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { readClientForm } from './attestation.ts'
import { required } from './form.ts'
import { type PresentingPorts, presentedAt } from './presented.ts'

export const REVOKE = '/oauth/revoke'

/**
 * Revocation (RFC 7009). A task token ends its task with everything below it; a resource token ends every resource token of its
 * task that exists now. The holder of a token may revoke it: that only ever takes access away. Unknown tokens: 200, as
 * section 2.2 asks. Answers after every replica knows.
 *
 * A code that an agent waits with takes nothing back but a question to people, so there the agent authenticates, with the key that it
 * waits with.
 */
export async function revocationEndpoint(
  message: IncomingMessage,
  ports: PresentingPorts & { readonly decisions: GrantParts },
): Promise<void> {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const { form } = await readClientForm(message)
  const token = required(form, 'token')
  if (!isDeferralCode(token)) return revokeToken(ports.decisions, token)
  await cancelDeferral(ports.decisions, {
    ...presentedAt(message, ports, REVOKE),
    code: token,
    assertion: form.get('client_assertion'),
    assertionType: form.get('client_assertion_type'),
    clientId: form.get('client_id'),
  })
}
