import type { IncomingMessage } from 'node:http'
import { type DecisionParts, revokeToken } from '../decisions/index.ts'
import { Problem } from '../lib/problem.ts'
import { readForm, required } from './form.ts'

/**
 * Revocation (RFC 7009). A task token ends its task with everything below it; a resource token ends every resource token of its
 * task that exists now. Whoever holds a token may revoke it: that only ever takes access away. Unknown tokens: 200, as
 * section 2.2 asks. Answers after every replica knows.
 */
export async function revocationEndpoint(
  message: IncomingMessage,
  ports: { decisions: DecisionParts },
): Promise<void> {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const { form } = await readForm(message)
  await revokeToken(ports.decisions, required(form, 'token'))
}
