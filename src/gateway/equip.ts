import { credentialFor } from '../connections/index.ts'
import { printJson } from '../lib/json.ts'
import { mintTransactionToken } from '../tokens/index.ts'
import type { Equipped, Permitted } from './passage.ts'
import type { GatewayPorts } from './ports.ts'
import { buildTarget } from './strict-request.ts'

/**
 * The upstream request, built anew: the decided parts, plus a transaction token for an API inside the trust domain, plus
 * the connection's credential. The caller's own token, proof and cookies are not among the parts.
 */
export async function equip(permitted: Permitted, ports: GatewayPorts): Promise<Equipped> {
  const { body, path, request, resource, verdict } = permitted
  const headers: Record<string, string> = Object.fromEntries(permitted.passedOn)
  headers['accept-encoding'] = 'identity'
  headers['user-agent'] = 'remit'
  headers['remit-decision'] = verdict.decisionId
  if (body !== undefined) headers['content-type'] = 'application/json'
  const secrets: string[] = []
  if (resource.trusted) {
    const { token } = await mintTransactionToken(
      {
        key: ports.decisions.keys.tokens,
        issuer: ports.issuer,
        clock: ports.decisions.clock,
      },
      { ...verdict.transactionClaims, gateway: ports.gateway, trustDomain: ports.trustDomain },
    )
    headers['txn-token'] = token
    secrets.push(token)
  }
  if (resource.connection !== undefined) {
    const { header, value } = await credentialFor(ports.connections, resource.connection)
    headers[header] = value.reveal()
    secrets.push(value.reveal().replace(/^Bearer /i, ''))
  }
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
