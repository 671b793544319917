import { type Detail, intersect, type KindOf } from '@remit/engine'
import type { Agent } from '../agents/index.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

type Limits = Pick<TrustedIssuer, 'name' | 'trust' | 'ceiling'>

/** INVARIANT: nothing that rests on an issuer may do more than what may come of that, as of now (contract 2: every ceiling). */
export function boundByIssuers(
  details: readonly Detail[],
  issuers: readonly Pick<Limits, 'ceiling'>[],
  kindOf: KindOf,
): readonly Detail[] {
  return issuers.reduce(
    (left, { ceiling }) => (ceiling === null ? left : intersect(left, ceiling, kindOf)),
    details,
  )
}

/** An agent that one of them vouches for, trusted as far as that is by now. */
export function trustWithinIssuers<A extends Pick<Agent, 'issuer' | 'trust'>>(
  agent: A,
  issuers: readonly Limits[],
): A {
  const most = issuers.find(({ name }) => name === agent.issuer)?.trust
  return most !== undefined && most < agent.trust ? { ...agent, trust: most } : agent
}

/** An agent as it may be given anything by now: trust and both lists within what may come of those that vouch here. */
export function agentWithinIssuers(
  agent: Agent,
  issuers: readonly Limits[],
  kindOf: KindOf,
): Agent {
  return {
    ...trustWithinIssuers(agent, issuers),
    ceiling: boundByIssuers(agent.ceiling, issuers, kindOf),
    mayDelegate: agent.mayDelegate && boundByIssuers(agent.mayDelegate, issuers, kindOf),
  }
}
