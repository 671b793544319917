import { type BodyForm, pairsIn } from '@remit/engine'
import { type Json, printJson } from '../../lib/json.ts'
import { injectedHeaders } from '../injected-headers.ts'
import type { GatewayPorts } from '../ports.ts'
import { buildForm, buildTarget } from '../strict-request.ts'
import type { PermittedRequest, PreparedRequest } from './call-steps.ts'

/**
 * The upstream request, built anew: the decided parts, plus a transaction token for an API inside the trust domain, plus
 * the connection's credential. The caller's own token, proof and cookies are not among the parts.
 */
export async function equip(
  permitted: PermittedRequest,
  ports: GatewayPorts,
): Promise<PreparedRequest> {
  const { action, body, path, request, resource, verdict } = permitted
  const sent = body === undefined ? undefined : bodyToSend(body, action.arguments.body.form)
  const headers: Record<string, string> = Object.fromEntries(permitted.passedOn)
  headers['accept-encoding'] = 'identity'
  headers['user-agent'] = 'remit'
  if (sent) headers['content-type'] = sent.type
  const { headers: injected, secrets } = await injectedHeaders(resource, verdict, ports)
  Object.assign(headers, injected)
  return {
    ...permitted,
    outgoing: {
      method: request.method,
      origin: new URL(resource.upstream).origin,
      target: path + buildTarget('', [], request.query).slice(1),
      headers,
      body: sent?.text,
      upstream: resource.upstream,
      identifier: resource.identifier,
      decisionId: verdict.decisionId,
      secrets,
    },
  }
}

/** Writes the body anew from what was decided on. */
function bodyToSend(body: Json, form: BodyForm): { readonly type: string; readonly text: string } {
  if (form !== 'form') return { type: 'application/json', text: printJson(body) }
  return { type: 'application/x-www-form-urlencoded', text: buildForm(pairsIn(body)) }
}
