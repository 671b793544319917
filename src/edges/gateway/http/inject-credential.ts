import { writeForm } from '../../../platform/bodies/index.ts'
import { configuredUrl } from '../../../platform/lib/client-url.ts'
import { printJson } from '../../../platform/lib/json.ts'
import { injectedHeaders } from '../injected-headers.ts'
import type { GatewayPorts } from '../ports.ts'
import { buildTarget } from '../strict-request.ts'
import type { PreparedRequest, SendableRequest } from './call-steps.ts'
import type { UpstreamRequest } from './outgoing.ts'

/**
 * Builds the upstream request: the decided parts, plus a transaction token for an API inside the trust domain, plus
 * the connection's credential. The caller's own token, proof and cookies are not among the parts.
 */
export async function injectCredential<R extends SendableRequest>(
  permitted: R,
  ports: GatewayPorts,
): Promise<R & Pick<PreparedRequest, 'outgoing'>> {
  const { path, request, resource, verdict } = permitted
  const sent = await bodyToSend(permitted)
  const headers: Record<string, string> = Object.fromEntries(permitted.passedOn)
  headers['accept-encoding'] = 'identity'
  headers['user-agent'] = 'remit'
  Object.assign(headers, sent?.headers)
  const { headers: injected, secrets } = await injectedHeaders(resource, verdict, ports)
  Object.assign(headers, injected)
  return {
    ...permitted,
    outgoing: {
      method: request.method,
      origin: configuredUrl(resource.upstream).origin,
      target: path + buildTarget('', [], request.query).slice(1),
      headers,
      body: sent?.body,
      upstream: resource.upstream,
      identifier: resource.identifier,
      decisionId: verdict.decisionId,
      secrets,
    },
  }
}

/**
 * Writes the body from the decided values; an upload goes as it came, under a type in which it has one reading, and only if it
 * still has the decided values.
 */
async function bodyToSend({
  action,
  body,
  request,
  upload,
}: SendableRequest): Promise<
  (Pick<UpstreamRequest, 'body'> & { readonly headers: UpstreamRequest['headers'] }) | undefined
> {
  if (body === undefined) return undefined
  if (upload) {
    const type = request.headers.get('content-type') ?? ''
    return {
      headers: { 'content-type': type, 'content-length': `${upload.size}` },
      body: await upload.readBack(body),
    }
  }
  const { form, media: [json = 'application/json'] = [] } = action.arguments.body
  return form === 'form'
    ? { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: writeForm(body) }
    : { headers: { 'content-type': json }, body: printJson(body) }
}
