import { rememberedUntil } from '../../platform/jose/index.ts'
import { identifyWorkload, type VerifiedToken } from '../issuers/index.ts'
import type { AuthenticatedAgent, AuthenticatingParts } from './authenticated.ts'

/** Platforms name no type of their own, or none. */
const WORKLOAD_TYP = ['JWT', ''] as const

/** A token of a cluster, a pipeline or a platform (RFC 7523 section 3; Workload Authorization Grant section 5.1). */
export async function byIssuer(
  parts: AuthenticatingParts,
  token: string,
): Promise<AuthenticatedAgent> {
  const expected = { use: 'workload', typ: WORKLOAD_TYP, audience: parts.issuer } as const
  return vouchedFor(parts, await parts.issuers.check(token, expected))
}

/** OAuth SPIFFE client authentication: a JWT-SVID. */
export async function bySvid(
  parts: AuthenticatingParts,
  svid: string,
): Promise<AuthenticatedAgent> {
  return vouchedFor(parts, await parts.issuers.checkSvid(svid, { audience: parts.issuer }))
}

async function vouchedFor(
  parts: AuthenticatingParts,
  vouched: VerifiedToken,
): Promise<AuthenticatedAgent> {
  const agent = await identifyWorkload(parts, vouched)
  // One that another issuer brought rests on that, too.
  const others = (await parts.issuers.behind(agent)).filter(
    ({ name }) => name !== vouched.issuer.name,
  )
  return {
    agent,
    issuers: [vouched.issuer, ...others],
    vouched,
    replayKey: vouched.digest,
    expiresAt: rememberedUntil(vouched.claims.exp * 1000),
    heldBy: agent.id,
  }
}
