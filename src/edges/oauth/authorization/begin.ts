import type { IncomingMessage, ServerResponse } from 'node:http'
import { beginAuthorization } from '../../../grants/code-grant/index.ts'
import { base64url, fromBase64url, sha256url } from '../../../platform/lib/bytes.ts'
import { HOUR_SECONDS } from '../../../platform/lib/time-units.ts'
import type { AuthorizationRequest } from './check-request.ts'
import type { AuthorizationPorts } from './ports.ts'
import { LIVES, WAITING_REQUEST, type WaitingRequest } from './records.ts'
import type { RequestingClient } from './requesting-client.ts'

const ID_BYTES = 32
const BROWSER_BYTES = 32
/** Longer than a request waits; several may be under way in one browser. */
const BROWSER_SECONDS = HOUR_SECONDS

/**
 * Hands a checked request over to the pages, bound to this browser by a value that only it has. Answers the path of the page.
 * `pushedId`: where the pushed request is kept that it came from.
 */
export async function beginWaiting(
  { records, cookies, decisions }: AuthorizationPorts,
  { message, reply }: { readonly message: IncomingMessage; readonly reply: ServerResponse },
  asked: {
    readonly client: RequestingClient
    readonly request: AuthorizationRequest
    readonly pushedId: string | undefined
  },
): Promise<string> {
  const { client, pushedId, request } = asked
  const id = base64url(decisions.random.bytes(ID_BYTES))
  const sent = cookies.read(message, 'browser')
  const browser =
    sent !== undefined && fromBase64url(sent)?.byteLength === BROWSER_BYTES
      ? sent
      : base64url(decisions.random.bytes(BROWSER_BYTES))
  reply.setHeader('set-cookie', cookies.line('browser', browser, BROWSER_SECONDS))
  const { codeChallenge, state, thumbprint, ...shown } = request
  const waiting: WaitingRequest = { codeChallenge, state, thumbprint, pushedId }
  await beginAuthorization(
    decisions,
    {
      ...client.self,
      ...shown,
      id,
      browser: sha256url(browser),
    },
    records.putSteps([{ kind: WAITING_REQUEST, id, payload: waiting }], LIVES[WAITING_REQUEST]),
  )
  return `/authorize/${id}`
}
