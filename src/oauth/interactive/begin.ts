import type { ServerResponse } from 'node:http'
import type { ClientMetadata, KoaContextWithOIDC } from 'oidc-provider'
import { type SelfRegistered, selfOf } from '../../client-metadata/index.ts'
import { beginAuthorization } from '../../code-grant/index.ts'
import type { GrantParts } from '../../grants/index.ts'
import type { Cookies } from '../../http/index.ts'
import { base64url, fromBase64url, sha256url } from '../../lib/bytes.ts'
import { isClientUrl } from '../../lib/client-url.ts'
import type { OidcPayloads } from '../../opaque-tokens/index.ts'
import type { ClientRegistration } from '../registration/read-metadata.ts'
import { selfRegistered } from '../registration/self-registered.ts'
import { stepUpOf } from './step-up.ts'

const BROWSER_BYTES = 32
/** Longer than a request waits; several may be under way in one browser. */
const BROWSER_SECONDS = 3600

/** An interaction of the provider, as far as it is handed over. */
interface Interaction {
  readonly uid: string
  readonly params: Readonly<Record<string, unknown>>
}

/**
 * The protocol has checked a client's request and needs the person: hands it over to the pages. Answers where the browser
 * goes. The request is bound to this browser, by a value that only it has.
 */
export async function beginInteraction(
  ports: {
    readonly decisions: GrantParts
    readonly artefacts: Pick<OidcPayloads, 'find'>
    readonly cookies: Cookies
  },
  context: KoaContextWithOIDC,
  { uid, params }: Interaction,
): Promise<string> {
  const { decisions, cookies } = ports
  const { client } = context.oidc
  if (!client) throw new TypeError('an interaction without a client')
  const metadata: ClientMetadata = client.metadata()
  const self = await selfOfClient(ports, client.clientId)
  const sent = cookies.read(context.req, 'browser')
  const browser =
    sent !== undefined && fromBase64url(sent)?.byteLength === BROWSER_BYTES
      ? sent
      : base64url(decisions.random.bytes(BROWSER_BYTES))
  appendCookie(context.res, cookies.line('browser', browser, BROWSER_SECONDS))
  await beginAuthorization(decisions, {
    id: uid,
    clientId: client.clientId,
    clientName: self?.clientName ?? metadata.client_name ?? client.clientId,
    redirectUri: text(params.redirect_uri),
    redirectUris: self?.redirectUris ?? metadata.redirect_uris ?? [],
    proves: self?.proves,
    softwareId: self?.softwareId,
    resource: text(params.resource),
    scope: typeof params.scope === 'string' ? params.scope : null,
    askedDetails:
      typeof params.authorization_details === 'string' ? params.authorization_details : null,
    announcesKey: typeof params.dpop_jkt === 'string',
    deferrable: String(params.completion_mode ?? '')
      .split(' ')
      .includes('deferred'),
    browser: sha256url(browser),
    stepUp: stepUpOf(params),
  })
  return `/authorize/${uid}`
}

/** What the client says of itself, now: where its document is, or in its registration. */
async function selfOfClient(
  { artefacts, decisions }: Parameters<typeof beginInteraction>[0],
  clientId: string,
): Promise<SelfRegistered | undefined> {
  if (isClientUrl(clientId)) return decisions.documents?.find(clientId).then(selfOf)
  const said = await artefacts.find<ClientRegistration>('Client', { id: clientId })
  return said && selfRegistered(clientId, said)
}

/** The protocol has checked that it is there, once. */
function text(parameter: unknown): string {
  if (typeof parameter !== 'string') throw new TypeError('a checked parameter is not a text')
  return parameter
}

function appendCookie(reply: ServerResponse, line: string): void {
  const before = reply.getHeader('set-cookie') ?? []
  reply.setHeader('set-cookie', [...[before].flat().map(String), line])
}
