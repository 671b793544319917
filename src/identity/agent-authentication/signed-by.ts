import { type Claims, checkJwt, importPublicJwk, readCompact } from '../../platform/jose/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { type AgentParts, ALGORITHMS_OF, listKeys } from '../agents/index.ts'

const MAX_LIFE_SECONDS = 300

/**
 * The claims of something else than an assertion that an agent signed for us: issuer the agent, audience Remit, five minutes at most.
 * @throws Problem its fault
 */
export async function checkSignedBy(
  parts: Pick<AgentParts, 'storage' | 'clock'> & { readonly issuer: string },
  agentId: string,
  token: string,
  { typ }: { readonly typ: string },
): Promise<Claims> {
  const { kid } = readCompact(token).header
  const keys = await listKeys(parts.storage.read, agentId)
  const key = keys.find((each) => each.kid === kid || each.thumbprint === kid) ?? keys[0]
  if (!key) throw new Problem('agent_key.unknown', `\`${agentId}\` has no key`)
  return checkJwt(token, {
    typ: [typ],
    issuer: agentId,
    audience: parts.issuer,
    algorithms: ALGORITHMS_OF[key.jwk.kty],
    keyFor: () => importPublicJwk(key.jwk).key,
    clock: parts.clock,
    maxLifeSeconds: MAX_LIFE_SECONDS,
  })
}
