import type { Verdict } from '../../calls/calls/index.ts'
import type { Resource } from '../../catalog/catalog/index.ts'
import { mintTransactionToken } from '../../identity/tokens/index.ts'
import type { UpstreamHeaders } from './check.ts'
import type { ExtAuthzPorts } from './ports.ts'
import { DECISION, OWN, TRANSACTION_TOKEN } from './read-request.ts'

/** Credentials of the caller, which no API behind a gateway receives. */
const CREDENTIALS = ['authorization', 'cookie', 'dpop', 'proxy-authorization']

/**
 * Builds the headers for the API: the decision's id and, for an API inside the trust domain, a
 * transaction token. INVARIANT: every identity header is set or removed, so that none of the
 * caller's own gets through.
 */
export async function upstreamHeaders(
  { decisions, issuer, trustDomain }: ExtAuthzPorts,
  { identifier, trusted }: Resource,
  verdict: Verdict<'permit'>,
): Promise<UpstreamHeaders> {
  const set: Record<string, string> = { [DECISION]: verdict.decisionId }
  if (trusted) {
    const { clock, keys } = decisions
    const { token } = await mintTransactionToken(
      { key: keys.tokens, issuer, clock },
      { ...verdict.transactionClaims, gateway: new URL(identifier).origin, trustDomain },
    )
    set[TRANSACTION_TOKEN] = token
  }
  const all = [...CREDENTIALS, ...OWN, TRANSACTION_TOKEN]
  return { set, removed: all.filter((name) => set[name] === undefined) }
}
