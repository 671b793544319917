import { importPublicJwk } from '../keys/index.ts'
import { base64url } from '../lib/bytes.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import { listKeys } from './agent-key-store.ts'
import { findAgent } from './agent-store.ts'
import {
  type Authenticated,
  type AuthenticatingParts,
  activeOnly,
  inTheSameWords,
} from './authenticate.ts'

/** A certificate that a client showed at the TLS connection. */
export interface AgentCertificate {
  readonly clientId: string
  /** Its public key. */
  readonly jwk: unknown
}

const CONNECTION_MS = 60_000

/**
 * Authenticates an agent by `self_signed_tls_client_auth` (RFC 8705 section 2.2): the key of its certificate is one that we hold for it. Who
 * signed the certificate does not matter. Failures are told as those of `authenticateAgent`.
 */
export async function authenticateByCertificate(
  parts: AuthenticatingParts & { readonly random: Random },
  presented: AgentCertificate,
): Promise<Authenticated> {
  const agent = await verify(parts, presented).catch(inTheSameWords)
  const issuers = await parts.issuers.behind(agent).catch(inTheSameWords)
  await activeOnly(parts, agent)
  return {
    agent,
    issuers,
    vouched: undefined,
    // Nothing of a connection can be sent again elsewhere.
    replayKey: base64url(parts.random.bytes(32)),
    expiresAt: parts.clock.now() + CONNECTION_MS,
    heldBy: null,
  }
}

async function verify(parts: AuthenticatingParts, { clientId, jwk }: AgentCertificate) {
  const { thumbprint } = importPublicJwk(jwk)
  const agent = await findAgent(parts.storage.read, clientId)
  if (!agent) throw new Problem('agent.unknown', 'there is no such agent')
  const keys = await listKeys(parts.storage.read, agent.id)
  if (!keys.some((key) => key.thumbprint === thumbprint))
    throw new Problem('agent_key.unknown', 'the certificate is of no key of the agent')
  return agent
}
