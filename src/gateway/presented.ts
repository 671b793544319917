import type { IncomingMessage } from 'node:http'
import type { Call } from '../facts/index.ts'
import type { GatewayPorts } from './ports.ts'
import type { StrictRequest } from './strict-request.ts'

/** Credentials of a request, and the method and address that a proof in it has to name. */
export function presented(
  { message, request }: { readonly message: IncomingMessage; readonly request: StrictRequest },
  { certificates, gateway }: Pick<GatewayPorts, 'certificates' | 'gateway'>,
): Pick<Call, 'token' | 'scheme' | 'proof' | 'certificate' | 'method' | 'url' | 'nonces'> {
  const { headers, method, path } = request
  const [scheme, token] = credentialOf(headers.get('authorization') ?? '')
  const shown = { proof: headers.get('dpop'), certificate: certificates?.read(message) }
  return { token, scheme, ...shown, method, url: gateway + path, nonces: true }
}

/**
 * Splits `DPoP <token>` or `Bearer <token>`: the scheme in any case (RFC 9110 section 11.1), one
 * space, nothing else.
 */
function credentialOf(
  header: string,
): [scheme: 'DPoP' | 'Bearer' | undefined, token: string | undefined] {
  const match = /^(dpop|bearer) ([A-Za-z0-9._~+/=-]+)$/i.exec(header)
  if (!match?.[1]) return [undefined, undefined]
  return [match[1].toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', match[2]]
}
