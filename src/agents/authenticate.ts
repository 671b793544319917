import { type Claims, checkJwt, importPublicJwk, readCompact, readObject } from '../keys/index.ts'
import { sha256url } from '../lib/bytes.ts'
import { isName } from '../lib/id.ts'
import { Problem } from '../lib/problem.ts'
import type { Agent, AgentKey } from './agent.ts'
import { ALGORITHMS_OF } from './agent-key.ts'
import { listKeys } from './agent-key-store.ts'
import { findAgent } from './agent-store.ts'
import type { IssuerTrust } from './issuers/issuer-trust.ts'
import type { TrustedIssuer } from './issuers/trusted-issuer.ts'
import type { AgentParts } from './parts.ts'

/** RFC 7523 section 2.2 */
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** RFC 7523bis names the first; assertions without a type are still accepted, a neighbour's type never. */
const TYP = ['client-authentication+jwt', 'JWT', ''] as const
const MOST_LIFE_SECONDS = 300
const LONGEST_JTI = 256

export interface AuthenticatingParts extends Pick<AgentParts, 'storage' | 'ledger' | 'clock'> {
  /** Remit's own. */
  readonly issuer: string
  readonly issuers: Pick<IssuerTrust, 'behind'>
}

/** An agent that has proved who it is. `replayKey` is used once (`consumeOnce`, kind `assertion`) by the caller. */
export interface Authenticated {
  readonly agent: Agent
  /** The trusted issuers that vouch for it, in force; its tasks rest on them. */
  readonly issuers: readonly TrustedIssuer[]
  readonly replayKey: string
  /** When the assertion ends, epoch milliseconds. */
  readonly expiresAt: number
}

/**
 * Authenticates an agent by `private_key_jwt` (RFC 7523 section 3, RFC 7523bis): signed by a key we hold for it, issuer
 * and subject the agent, audience Remit's issuer and nothing else, `jti`, at most five minutes.
 *
 * Every failure is `agent.unauthenticated` in the same words, so that nobody learns which agents exist or are stopped;
 * the true reason is the problem's `cause`, for the log. An agent that proved who it is and may not act is recorded.
 */
export async function authenticateAgent(
  parts: AuthenticatingParts,
  presented: { assertion: string; assertionType: string },
): Promise<Authenticated> {
  const { agent, claims, issuers } = await verify(parts, presented).catch((cause: unknown) => {
    // A store that cannot be reached says nothing about the agent.
    throw cause instanceof Problem && cause.status < 500 ? unauthenticated(cause) : cause
  })
  if (agent.status !== 'active') {
    await parts.storage.transaction((tx) =>
      parts.ledger.append(tx, {
        type: 'agent.refused',
        agent: agent.id,
        reason: `agent.${agent.status}`,
      }),
    )
    throw unauthenticated(
      new Problem(`agent.${agent.status}`, `\`${agent.id}\` is ${agent.status}`),
    )
  }
  return {
    agent,
    issuers,
    replayKey: assertionReplayKey(agent.id, jtiOf(claims)),
    expiresAt: claims.exp * 1000,
  }
}

/**
 * The one form of an assertion's replay id, whoever checked the assertion: also `oidc-provider` computes it so, from
 * issuer and `jti`. Kind `assertion` in `consumeOnce`.
 */
export function assertionReplayKey(agentId: string, jti: string): string {
  return sha256url(agentId + jti)
}

async function verify(
  parts: AuthenticatingParts,
  { assertion, assertionType }: { assertion: string; assertionType: string },
): Promise<{ agent: Agent; claims: Claims; issuers: readonly TrustedIssuer[] }> {
  if (assertionType !== JWT_BEARER)
    throw new Problem('agent.unauthenticated', '`client_assertion_type` is not jwt-bearer')
  const { header, payload } = readCompact(assertion)
  const { iss, sub } = readObject(payload, 'claims set')
  if (!isName(iss) || sub !== iss)
    throw new Problem('agent.unauthenticated', '`iss` and `sub` do not both name the agent')
  const agent = await findAgent(parts.storage.read, iss)
  if (!agent) throw new Problem('agent.unknown', `there is no agent \`${iss}\``)
  const key = pick(await listKeys(parts.storage.read, agent.id), header)
  if (!key) throw new Problem('agent_key.unknown', `\`${iss}\` has no key that fits the assertion`)
  const claims = await checkJwt(assertion, {
    typ: TYP,
    issuer: agent.id,
    audience: parts.issuer,
    algorithms: ALGORITHMS_OF[key.jwk.kty],
    keyFor: () => importPublicJwk(key.jwk).key,
    clock: parts.clock,
    maxLifeSeconds: MOST_LIFE_SECONDS,
  })
  jtiOf(claims)
  return { agent, claims, issuers: await parts.issuers.behind(agent) }
}

/** By `kid` (or thumbprint); without one, the only key there is. */
function pick(
  keys: readonly AgentKey[],
  header: { kid: string | undefined },
): AgentKey | undefined {
  const { kid } = header
  if (kid !== undefined) return keys.find((key) => key.kid === kid || key.thumbprint === kid)
  return keys.length === 1 ? keys[0] : undefined
}

function jtiOf({ jti }: Claims): string {
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI)
    throw new Problem('token.malformed', '`jti` is missing, empty or too long')
  return jti
}

function unauthenticated(cause: Problem): Problem {
  return new Problem(
    'agent.unauthenticated',
    'the client assertion does not authenticate an agent',
    {
      cause,
    },
  )
}
