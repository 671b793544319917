import {
  type Claims,
  checkJwt,
  importPublicJwk,
  type PublicJwk,
  readCompact,
  readObject,
  rememberedUntil,
} from '../../platform/jose/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { agentIdOf, isClientUrl } from '../../platform/lib/client-url.ts'
import { isName } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { type Agent, ALGORITHMS_OF, findAgent, listKeys, readAgentKey } from '../agents/index.ts'
import { admitByRule, type ClientKey, findDescription, selfOf } from '../client-metadata/index.ts'
import type { AssertionRules } from './assertion-fault.ts'
import type { AuthenticatedAgent, AuthenticatingParts } from './authenticated.ts'
import type { CredentialUse } from './credential-use.ts'
import { verifyInVain } from './in-vain.ts'

/** RFC 7523bis names the first; assertions without a type are still accepted, a neighbour's type never. */
const TYP = ['client-authentication+jwt', 'JWT', ''] as const
const MAX_LIFE_SECONDS = 300
const MAX_JTI = 256

/** Rules of every assertion that an agent signs itself; which algorithm of these, its key says. */
export function ownAssertionRules(
  { clock, issuer }: Pick<AuthenticatingParts, 'clock' | 'issuer'>,
  audiences: readonly string[] = [],
): AssertionRules {
  return {
    ...{ typ: TYP, issuer, clock, fractions: true, maxLifeSeconds: MAX_LIFE_SECONDS },
    audience: audienceOf({ issuer }, audiences),
    algorithms: [...ALGORITHMS_OF.EC, ...ALGORITHMS_OF.OKP],
  }
}

/** The one form of an assertion's replay id, wherever it was shown: from issuer and `jti`. Kind `assertion` in `consumeOnce`. */
export function assertionReplayKey(clientId: string, jti: string): string {
  return sha256url(clientId + jti)
}

/**
 * Client that a signed assertion is of. The agent is missing for a document that no person has brought
 * yet.
 */
interface AssertionClient {
  readonly use: CredentialUse
  readonly client: { readonly clientId: string; readonly agent: Agent | undefined }
}

/**
 * RFC 7523 section 3, RFC 7523bis: signed by a key we hold for the agent, or that its metadata document names; issuer and subject the
 * client id, audience Remit's issuer and nothing else (unless the endpoint names more), `jti`, at most five minutes.
 */
export async function byOwnKey(
  parts: AuthenticatingParts,
  assertion: string,
  audiences: readonly string[] = [],
): Promise<AuthenticatedAgent> {
  const { client, use } = await verify(parts, assertion, audiences)
  const agent = client.agent ?? (await admitted(parts, client.clientId))
  return { ...use, agent, issuers: await parts.issuers.behind(agent), vouched: undefined }
}

/**
 * Checks an assertion that a client signed itself with this key, by the rules for every such assertion. Answers how it is used
 * up: it counts once.
 */
export async function useOfOwnAssertion(
  parts: Pick<AuthenticatingParts, 'clock' | 'issuer'>,
  assertion: string,
  by: {
    readonly clientId: string
    readonly jwk: PublicJwk
    readonly audiences?: readonly string[] | undefined
  },
): Promise<CredentialUse> {
  const { audiences, clientId, jwk } = by
  const claims = await checkJwt(assertion, {
    ...ownAssertionRules(parts, audiences),
    issuer: clientId,
    algorithms: ALGORITHMS_OF[jwk.kty],
    keyFor: () => importPublicJwk(jwk).key,
  })
  return {
    replayKey: assertionReplayKey(clientId, jtiOf(claims)),
    expiresAt: rememberedUntil(claims.exp * 1000),
    heldBy: null,
  }
}

/**
 * Checks the assertion of a client that may be no agent yet, by the keys that it registered (`jwks`) or publishes. Answers how the
 * assertion is used up.
 * @throws Problem
 */
export async function proveOwnKey(
  parts: AuthenticatingParts,
  client: { readonly clientId: string; readonly jwks: readonly object[] },
  assertion: string,
): Promise<CredentialUse> {
  const { client: proven, use } = await verify(parts, assertion, [], client.jwks)
  if (proven.clientId !== client.clientId)
    throw new Problem('agent.unauthenticated', 'the assertion belongs to another client')
  return use
}

async function verify(
  parts: AuthenticatingParts,
  assertion: string,
  audiences: readonly string[],
  jwks: readonly object[] = [],
): Promise<AssertionClient> {
  const { header, payload } = readCompact(assertion)
  const { iss, sub } = readObject(payload, 'claims set')
  if ((!isName(iss) && !isClientUrl(iss)) || sub !== iss)
    throw new Problem('agent.unauthenticated', '`iss` and `sub` do not both name the agent')
  const agent = await findAgent(parts.storage.read, agentIdOf(iss))
  const key = await findClientKey(parts, { clientId: iss, agent, jwks }, header)
  await verifyInVain(ownAssertionRules(parts, audiences), assertion, key?.jwk)
  if (!agent && !key && isName(iss) && jwks.length === 0)
    throw new Problem('agent.unknown', `there is no agent \`${iss}\``)
  if (!key) throw new Problem('agent_key.unknown', `\`${iss}\` has no key that fits the assertion`)
  const use = await useOfOwnAssertion(parts, assertion, { clientId: iss, jwk: key.jwk, audiences })
  return { use, client: { clientId: iss, agent } }
}

/** INVARIANT: one audience, even where several would do: another server that is named could use the assertion here. */
function audienceOf({ issuer }: Pick<AuthenticatingParts, 'issuer'>, more: readonly string[]) {
  if (more.length === 0) return issuer
  return ([only, ...others]: readonly string[]) =>
    others.length === 0 && only !== undefined && [issuer, ...more].includes(only)
}

/**
 * INVARIANT: keys that an administrator registered count, and then no others; else those that the client publishes where its id
 * leads, or registered with us. Never any that the message names.
 */
async function findClientKey(
  { documents, storage }: AuthenticatingParts,
  { agent, clientId, jwks }: AssertionClient['client'] & { readonly jwks: readonly object[] },
  header: { kid: string | undefined },
): Promise<ClientKey | undefined> {
  // Asked for, also of an agent that is not there: it takes as long.
  const registered =
    agent || isName(clientId) ? await listKeys(storage.read, agentIdOf(clientId)) : []
  if (registered.length > 0) return pick(registered, header)
  if (isClientUrl(clientId)) return documents?.findKey(clientId, header)
  const said = agent && (await findDescription(storage.read, agent.id))?.proves.jwks
  return pick((said ?? jwks).map(readAgentKey), header)
}

/** With no person present who could bring it, only a rule lets a client in. */
async function admitted(parts: AuthenticatingParts, clientId: string): Promise<Agent> {
  const document = await parts.documents?.find(clientId)
  const agent = document && (await admitByRule(parts, selfOf(document)))
  if (!agent)
    throw new Problem(
      'agent.quarantined',
      'no admission rule admits this client, and no person has consented to it',
    )
  return agent
}

/** Picks by `kid` (or thumbprint); without one, the only key there is. */
function pick(
  keys: readonly ClientKey[],
  header: { kid: string | undefined },
): ClientKey | undefined {
  const { kid } = header
  if (kid !== undefined) return keys.find((key) => key.kid === kid || key.thumbprint === kid)
  return keys.length === 1 ? keys[0] : undefined
}

function jtiOf({ jti }: Claims): string {
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI)
    throw new Problem('token.malformed', '`jti` is missing, empty or too long')
  return jti
}
