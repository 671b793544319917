import { printJson } from '../../lib/json.ts'
import { injectedHeaders } from '../injected-headers.ts'
import type { GatewayPorts } from '../ports.ts'
import { buildTarget } from '../strict-request.ts'
import type { PermittedRequest, PreparedRequest } from './call-steps.ts'

/**
 * The upstream request, built anew: the decided parts, plus a transaction token for an API inside the trust domain, plus
 * the connection's credential. The caller's own token, proof and cookies are not among the parts.
 */
export async function equip(
  permitted: PermittedRequest,
  ports: GatewayPorts,
): Promise<PreparedRequest> {
  const { body, path, request, resource, verdict } = permitted
  const headers: Record<string, string> = Object.fromEntries(permitted.passedOn)
  headers['accept-encoding'] = 'identity'
  headers['user-agent'] = 'remit'
  if (body !== undefined) headers['content-type'] = 'application/json'
  const { headers: injected, secrets } = await injectedHeaders(resource, verdict, ports)
  Object.assign(headers, injected)
  return {
    ...permitted,
    outgoing: {
      method: request.method,
      origin: new URL(resource.upstream).origin,
      target: path + buildTarget('', [], request.query).slice(1),
      headers,
      body: body === undefined ? undefined : printJson(body),
      upstream: resource.upstream,
      identifier: resource.identifier,
      decisionId: verdict.decisionId,
      secrets,
    },
  }
}
