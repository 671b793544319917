import type { IncomingMessage } from 'node:http'
import type Provider from 'oidc-provider'
import { type Authorization, askAboutCode, findAuthorization } from '../../code-grant/index.ts'
import type { GrantParts } from '../../grants/index.ts'
import type { Cookies } from '../../http/index.ts'
import { sha256url } from '../../lib/bytes.ts'
import { isProvedWell } from '../../sessions/index.ts'

/**
 * `settled`: the protocol goes on with the answer. `unanswered`: there is none yet, or none of this browser. `told`: the client
 * has it already.
 */
export type ResumeResult = 'settled' | 'unanswered' | 'told'

/**
 * The browser comes back from the pages: what the person answered becomes the provider's result, out of our own books. From
 * the address nothing is believed but which request it is.
 */
export async function settleInteraction(
  ports: {
    readonly provider: Provider
    readonly decisions: GrantParts
    readonly cookies: Cookies
  },
  message: IncomingMessage,
  uid: string,
): Promise<ResumeResult> {
  const { cookies, decisions, provider } = ports
  const authorization = await findAuthorization(decisions.storage.read, uid)
  const browser = cookies.read(message, 'browser')
  // INVARIANT: the answer goes to the browser that began, like the question.
  if (!authorization || browser === undefined || sha256url(browser) !== authorization.browser)
    return 'unanswered'
  if (authorization.state === 'pending') return 'unanswered'
  const interaction = await provider.Interaction.find(uid)
  if (!interaction) return 'told'
  const people =
    authorization.state === 'granted' ? await askAboutCode(decisions, authorization) : undefined
  if (people?.state === 'waiting') return 'unanswered'
  if (people?.state === 'denied') {
    interaction.result = { error: 'access_denied', error_description: 'people said no' }
  } else if (authorization.state === 'granted') {
    const { personId, scope } = allowed(authorization)
    const grant = new provider.Grant({
      accountId: personId,
      clientId: authorization.clientId,
    })
    // The code says by this which request it is for.
    grant.jti = authorization.id
    grant.addResourceScope(authorization.resource, scope)
    await grant.save()
    interaction.params = { ...interaction.params, scope }
    interaction.result = {
      login: { accountId: personId, remember: false },
      consent: { grantId: authorization.id },
    }
  } else if (authorization.state === 'denied') {
    interaction.result = isUnmet(authorization)
      ? { error: UNMET, error_description: 'the person did not sign in like that' }
      : { error: 'access_denied', error_description: 'the person said no' }
  } else return 'told'
  await interaction.persist()
  return 'settled'
}

/** RFC 9470 section 5, OpenID Connect Unmet Authentication Requirements 1.0. */
const UNMET = 'unmet_authentication_requirements'

function isUnmet({ acr, authTime, createdAt, stepUp }: Authorization): boolean {
  return stepUp !== null && !isProvedWell({ acr, authTime }, stepUp, createdAt)
}

function allowed({ details, personId }: Authorization): { personId: string; scope: string } {
  if (!personId || !details) throw new Error('a grant without a person or without details')
  return { personId, scope: [...new Set(details.flatMap(({ actions }) => actions))].join(' ') }
}
