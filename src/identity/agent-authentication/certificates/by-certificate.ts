import { importPublicJwk } from '../../../platform/jose/index.ts'
import { type CheckedCertificate, checkPath } from '../../../platform/keys/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type Agent, findAgent, listKeys } from '../../agents/index.ts'
import type { AuthenticatingParts } from '../authenticated.ts'
import type { CertificateName } from './certificate-name.ts'
import { listCertificateNames } from './certificate-name-store.ts'

/** A certificate that a client showed at the TLS connection, and the agent that it says it is. */
export interface AgentCertificate {
  readonly clientId: string
  /** Its public key. */
  readonly jwk: unknown
  /** DER. */
  readonly leaf: Uint8Array
  /** Certificates that it sent to lead from there to an authority, DER. */
  readonly chain: readonly Uint8Array[]
}

/**
 * The agent whose certificate this is: by a key that we hold for it (`self_signed_tls_client_auth`, RFC 8705 section 2.2), signed by any authority;
 * else by a name that is the agent's, where an authority that is trusted signed it (`tls_client_auth`, section 2.1).
 * @throws Problem `agent.unknown`, `agent_key.unknown`, `certificate.not_trusted`
 */
export async function byCertificate(
  parts: AuthenticatingParts,
  shown: AgentCertificate,
): Promise<Agent> {
  const agent = await findAgent(parts.storage.read, shown.clientId)
  if (!agent) throw new Problem('agent.unknown', 'there is no such agent')
  if (await hasKeyOf(parts, agent, shown)) return agent
  const names = await listCertificateNames(parts.storage.read, agent.id)
  if (names.length === 0)
    throw new Problem('agent_key.unknown', "the certificate's key is not registered for the agent")
  // INVARIANT: names are read from the validated certificate, and nowhere else.
  const checked = await checkPath(shown, {
    anchors: parts.clientAuthorities ?? [],
    now: parts.clock.now(),
  })
  if (!names.some((name) => isCalled(checked, name)))
    throw new Problem('certificate.not_trusted', 'the certificate belongs to another agent')
  return agent
}

async function hasKeyOf(
  { storage }: AuthenticatingParts,
  { id }: Agent,
  { jwk }: AgentCertificate,
): Promise<boolean> {
  const keys = await listKeys(storage.read, id)
  if (keys.length === 0) return false
  try {
    const { thumbprint } = importPublicJwk(jwk)
    return keys.some((key) => key.thumbprint === thumbprint)
  } catch (error) {
    // A kind of key that agents register none of.
    if (error instanceof Problem) return false
    throw error
  }
}

function isCalled(
  { dns, emails, ips, subject, uris }: CheckedCertificate,
  { kind, value }: CertificateName,
): boolean {
  switch (kind) {
    case 'subject_dn':
      return subject === value
    case 'san_dns':
      return dns.includes(value)
    case 'san_uri':
      return uris.includes(value)
    case 'san_ip':
      return ips.includes(value)
    case 'san_email':
      return emails.includes(value)
  }
}
