import { base64url } from '../../platform/lib/bytes.ts'
import type { Random } from '../../platform/lib/random.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import { identifyWorkload, isSpiffeId } from '../issuers/index.ts'
import {
  type AuthenticatedAgent,
  type AuthenticatingParts,
  activeOnly,
  inTheSameWords,
} from './authenticate.ts'
import { type AgentCertificate, byCertificate } from './certificates/by-certificate.ts'

const CONNECTION_MS = MINUTE

/**
 * Authenticates an agent by the certificate of its connection: one of its own keys or names (RFC 8705 section 2), or an X.509-SVID, which says
 * by its SPIFFE ID which workload of a trusted domain it is of. Failures are told as those of `authenticateAgent`.
 */
export async function authenticateByCertificate(
  parts: AuthenticatingParts & { readonly random: Random },
  presented: AgentCertificate,
): Promise<AuthenticatedAgent> {
  const { agent, issuers, vouched } = await prove(parts, presented).catch(inTheSameWords)
  await activeOnly(parts, agent)
  return {
    ...{ agent, issuers, vouched },
    // Nothing of a connection can be sent again elsewhere.
    replayKey: base64url(parts.random.bytes(32)),
    expiresAt: parts.clock.now() + CONNECTION_MS,
    heldBy: null,
  }
}

async function prove(
  parts: AuthenticatingParts,
  presented: AgentCertificate,
): Promise<Pick<AuthenticatedAgent, 'agent' | 'issuers' | 'vouched'>> {
  if (!isSpiffeId(presented.clientId)) {
    const agent = await byCertificate(parts, presented)
    return { agent, issuers: await parts.issuers.behind(agent), vouched: undefined }
  }
  const vouched = await parts.issuers.checkX509Svid(presented, presented.clientId)
  const agent = await identifyWorkload(parts, vouched)
  const behind = await parts.issuers.behind(agent)
  const others = behind.filter(({ name }) => name !== vouched.issuer.name)
  return { agent, issuers: [vouched.issuer, ...others], vouched }
}
