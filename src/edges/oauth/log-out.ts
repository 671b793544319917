import type { IncomingMessage } from 'node:http'
import type { GrantParts } from '../../grants/grants/index.ts'
import type { Providers } from '../../identity/identity-providers/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { closeTasksIn } from '../../tasks/tasks/index.ts'
import { readOauthForm, required } from './form.ts'

export const LOG_OUT = '/oauth/backchannel-logout'

/**
 * Takes logout tokens of identity providers (OpenID Connect Back-Channel
 * Logout 1.0 section 2.5). One address for all: the token says whose it is, and is checked with
 * that one's keys.
 */
export async function logOutEndpoint(
  message: IncomingMessage,
  ports: { readonly decisions: GrantParts; readonly signingOut: Pick<Providers, 'logOut'> },
): Promise<void> {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const { form } = await readOauthForm(message)
  await ports.signingOut.logOut(required(form, 'logout_token'), (tx, personId) =>
    closeTasksIn(ports.decisions, tx, { kind: 'person', id: personId }, 'person.signed_out'),
  )
}
