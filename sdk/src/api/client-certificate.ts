import { ApiRefusal } from './answer.ts'
import type { ApiRequest } from './incoming.ts'

/**
 * Source of the certificate that a client showed (RFC 8705). `tls`: the API ends TLS itself, in
 * Node. `from`: the addresses of the proxies that do, and say it in `Client-Cert` (RFC 9440);
 * no other peer is believed.
 */
export type ClientCertificates = 'tls' | { readonly from: readonly string[] }

/** RFC 9440 section 2.2: a byte sequence of RFC 8941. */
const VALUE = /^:((?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?):$/
const MAX_CHARACTERS = 8_192

/**
 * `x5t#S256` of the certificate that the client showed at this connection; nothing where it showed none, or none is asked for.
 * @throws {ApiRefusal} `request.bad_header`
 */
export async function certificateOf(
  incoming: ApiRequest,
  certificates: ClientCertificates | undefined,
): Promise<string | undefined> {
  if (certificates === undefined) return undefined
  if (certificates !== 'tls') return ofHeader(incoming, certificates.from)
  const raw = incoming.connection?.getPeerCertificate?.()?.raw
  return raw === undefined ? undefined : thumbprint(raw)
}

async function ofHeader(
  { connection, header }: ApiRequest,
  from: readonly string[],
): Promise<string | undefined> {
  const value = header('client-cert')
  if (value === undefined) return undefined
  // INVARIANT: by the address of the connection. What `X-Forwarded-For` says, the caller may have written.
  const address = (connection?.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')
  if (!from.includes(address))
    throw new ApiRefusal('request.bad_header', '`Client-Cert` is for the proxy in front to say')
  const [, text] = value.length <= MAX_CHARACTERS ? (VALUE.exec(value) ?? []) : []
  if (text === undefined)
    throw new ApiRefusal('request.bad_header', '`Client-Cert` is not one certificate')
  return thumbprint(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)))
}

async function thumbprint(der: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(der))
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
