import type { IncomingMessage } from 'node:http'
import type { Resource } from '../../catalog/catalog/index.ts'
import { accessToken } from '../../platform/http/index.ts'
import type { Call } from '../../tasks/facts/index.ts'
import type { GatewayPorts } from './ports.ts'
import type { StrictRequest } from './strict-request.ts'

/** Credentials of a request, and the method and address that a proof in it has to name. */
export function presented(
  {
    audience,
    message,
    request,
  }: {
    readonly audience?: Resource
    readonly message: IncomingMessage
    readonly request: StrictRequest
  },
  { certificates, gateway }: Pick<GatewayPorts, 'certificates' | 'gateway'>,
): Pick<
  Call,
  'token' | 'scheme' | 'proof' | 'certificate' | 'method' | 'url' | 'audience' | 'nonces'
> {
  const { headers, method, path } = request
  const [scheme, token] = accessToken(headers.get('authorization'))
  const shown = { proof: headers.get('dpop'), certificate: certificates?.read(message) }
  return { token, scheme, ...shown, method, url: gateway + path, audience, nonces: true }
}
