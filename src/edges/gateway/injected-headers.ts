import type { Verdict } from '../../calls/calls/index.ts'
import type { Resource } from '../../catalog/catalog/index.ts'
import { credentialFor } from '../../identity/connections/index.ts'
import { mintTransactionToken } from '../../identity/tokens/index.ts'
import { credentialTexts } from '../../platform/lib/redaction/credential-texts.ts'
import { activeTrace } from '../../platform/lib/trace.ts'
import type { GatewayPorts } from './ports.ts'

/** The version that agents speak to us (`strictRequest` lets no other through), and a pseudonym. */
const VIA = '1.1 remit'

/**
 * Headers that we add to a request upstream, and the secret values among them, which must not come
 * back.
 */
export interface InjectedHeaders {
  readonly headers: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
}

/**
 * Builds the headers that we add: the connection's credential; the trace of the request, where it
 * has one; for a decided call also the decision's id and, for an API inside the trust domain, a transaction token. `Via` names the
 * gateway, as RFC 9110 section 7.6.3 demands of a gateway on the way inwards.
 */
export async function injectedHeaders(
  resource: Resource,
  verdict: Verdict<'permit'> | undefined,
  ports: GatewayPorts,
): Promise<InjectedHeaders> {
  const headers: Record<string, string> = { via: VIA, ...activeTrace()?.headers }
  const secrets: string[] = []
  if (verdict) headers['remit-decision'] = verdict.decisionId
  if (verdict && resource.trusted) {
    const { keys, clock } = ports.decisions
    const { token } = await mintTransactionToken(
      { key: keys.tokens, issuer: ports.issuer, clock },
      { ...verdict.transactionClaims, gateway: ports.gateway, trustDomain: ports.trustDomain },
    )
    headers['txn-token'] = token
    secrets.push(token)
  }
  if (resource.connection !== undefined) {
    const { header, value } = await credentialFor(ports.connections, resource.connection)
    headers[header] = value.reveal()
    secrets.push(...credentialTexts(value.reveal()))
  }
  return { headers, secrets }
}
