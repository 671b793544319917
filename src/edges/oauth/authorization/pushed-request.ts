import type { IncomingMessage } from 'node:http'
import { provePushed } from '../../../grants/code-grant/index.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { base64url } from '../../../platform/lib/bytes.ts'
import { agentIdOf } from '../../../platform/lib/client-url.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { readClientForm } from '../attestation.ts'
import { type Form, refuseParameters, required } from '../form.ts'

import { presentedAt } from '../presented.ts'
import type { TokenPorts } from '../token.ts'
import { checkRequest } from './check-request.ts'
import { pushedParameters, type RequestParameters } from './parameters.ts'
import { LIVES, PUSHED_REQUEST, type PushedRecord, recordId } from './records.ts'
import { findRequestingClient, type RequestingClient } from './requesting-client.ts'

export const PUSHED = '/oauth/par'
export const PUSHED_LIFE_MS = LIVES[PUSHED_REQUEST] * 1000

const URN = 'urn:ietf:params:oauth:request_uri:'
const ID_BYTES = 32

/** RFC 9126 section 2.2 */
interface PushedAnswer {
  readonly request_uri: string
  /** Seconds. */
  readonly expires_in: number
}

/**
 * Pushed authorization requests (RFC 9126): the client authenticates, its request is checked as at the authorization endpoint, and
 * waits for its browser. A DPoP proof binds the code to its key (RFC 9449 section 10.1).
 */
export async function pushedRequestEndpoint(
  message: IncomingMessage,
  ports: TokenPorts,
): Promise<PushedAnswer> {
  const { records, decisions } = ports
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const { form } = await readClientForm(message)
  refuseParameters(form, ['client_secret'], 'is not accepted here')
  const clientId = required(form, 'client_id')
  const client = await findRequestingClient({ records, documents: decisions.documents }, clientId)
  const thumbprint = await provePushed(decisions, {
    ...presentedAt(message, ports, PUSHED),
    clientId,
    client: client && pushing(client),
    assertion: form.get('client_assertion'),
    assertionType: form.get('client_assertion_type'),
  })
  if (!client) throw new Problem('agent.unauthenticated', 'no such client is registered')
  // RFC 9126 section 2.1: the request must be rejected; `invalid_request_uri` is of the authorization endpoint alone.
  if (form.has('request_uri'))
    throw new Problem('oauth.invalid_request', 'a pushed request names no other: no `request_uri`')
  const parameters = pushedParameters(boundTo(form, thumbprint))
  // A refused request waits for no browser, and takes no room.
  const giveBack = await ports.pushed.enter(await sharesOf(message, form, ports))
  try {
    await checkRequest(decisions, client, parameters)
    const value = base64url(decisions.random.bytes(ID_BYTES))
    const payload: PushedRecord = { clientId, parameters: [...parameters.form].filter(isNoSecret) }
    await records.put({ kind: PUSHED_REQUEST, id: recordId(value), payload }, LIVES[PUSHED_REQUEST])
    return { request_uri: `${URN}${value}`, expires_in: LIVES[PUSHED_REQUEST] }
  } catch (error) {
    giveBack()
    throw error
  }
}

/**
 * Finds the pushed request that a browser brings. It is used when the client is answered, so a page that is opened twice is one request.
 * @throws Problem `authorization.request_uri`
 */
export async function findPushed(
  { records }: Pick<TokenPorts, 'records'>,
  { self }: RequestingClient,
  form: Form,
): Promise<{ readonly id: string; readonly parameters: RequestParameters }> {
  const uri = form.get('request_uri') ?? ''
  if (!uri.startsWith(URN))
    throw new Problem('authorization.request_uri', '`request_uri` is of a request pushed to us')
  const id = recordId(uri.slice(URN.length))
  const found = await records.find<PushedRecord>(PUSHED_REQUEST, id)
  // INVARIANT: only for the client that pushed it (RFC 9126 section 4).
  if (!found || found.consumed !== undefined || found.clientId !== self.clientId)
    throw new Problem('authorization.request_uri', '`request_uri` is unknown, over, or was used')
  return { id, parameters: pushedParameters(new Map(found.parameters)) }
}

function pushing({ self, terms }: RequestingClient) {
  const { jwks = [], methods } = self.proves ?? { methods: ['none'] as const }
  return { clientId: self.clientId, fapi2: terms.fapi2, jwks, methods }
}

function isNoSecret([name]: readonly [string, string]): boolean {
  return name !== 'client_assertion' && name !== 'client_assertion_type'
}

/** The request with the key that was proved. */
function boundTo(form: Form, thumbprint: string | undefined): Form {
  if (thumbprint === undefined) return form
  if ((form.get('dpop_jkt') ?? thumbprint) !== thumbprint)
    throw new Problem('proof.wrong_key', '`dpop_jkt` is not the key of the proof')
  return new Map([...form, ['dpop_jkt', thumbprint]])
}

/**
 * Names the shares that a request counts in. A client that authenticated has one of its own. Of one that did not, anybody can say the
 * name, and anybody can register as many with keys as they like: until a person has brought it, it is the address that counts, too.
 */
async function sharesOf(
  message: IncomingMessage,
  form: Form,
  { addresses, decisions }: TokenPorts,
): Promise<readonly string[]> {
  const clientId = required(form, 'client_id')
  const own = form.has('client_assertion') ? [`client ${clientId}`] : []
  const { read } = decisions.storage
  if (own.length > 0 && (await findAgent(read, agentIdOf(clientId)))) return own
  const address = addresses.keyOf(message)
  return address === undefined ? own : [...own, address]
}
