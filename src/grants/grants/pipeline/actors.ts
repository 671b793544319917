import type { TrustedIssuer, VerifiedToken } from '../../../identity/issuers/index.ts'
import { type ForeignActor, MAX_CHAIN, readActors } from '../../../identity/tokens/index.ts'
import { isId } from '../../../platform/lib/id.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { FactParts } from '../../../tasks/facts/index.ts'

/** Agents that acted elsewhere, and the registrations that stand for them. */
export interface ActorChain {
  readonly actors: readonly ForeignActor[]
  readonly issuers: readonly TrustedIssuer[]
}

const MAX_LENGTH = 512

/**
 * Reads who acted before our agent, as what it shows says (RFC 8693 section 4.1, Actor Profile):
 * kept word for word, behind our agent, or refused altogether. It permits nothing; what rests on it
 * ends with the trust in each who vouches for one of them.
 *
 * INVARIANT: none of them claims to be of Remit, and none is there twice. One of theirs may be
 * called like one of ours: nothing reads the name of an actor without its issuer.
 * @throws Problem `actor.not_trusted`, `actor.impostor`, `token.malformed`, `token.chain_too_deep`,
 * `issuer.…`
 */
export async function readBehind(
  parts: Pick<FactParts, 'issuers' | 'issuer'>,
  { claims, issuer }: VerifiedToken,
): Promise<ActorChain> {
  const actors = readActors(claims.act)
  // Our own agent stands before them.
  if (actors.length >= MAX_CHAIN)
    throw new Problem(
      'token.chain_too_deep',
      `with this agent the chain has more than ${MAX_CHAIN} agents`,
    )
  if (new Set(actors.map(({ iss, sub }) => `${iss} ${sub}`)).size < actors.length)
    throw new Problem('token.malformed', 'an agent occurs twice in the chain')
  const issuers = new Map<string, TrustedIssuer>()
  for (const actor of actors) {
    checkActor(actor, parts.issuer)
    const found = await parts.issuers.ofActor(issuer, actor)
    issuers.set(found.name, found)
  }
  return { actors, issuers: [...issuers.values()] }
}

function checkActor({ iss, sub, sub_profile: profile = '' }: ForeignActor, ours: string): void {
  if (sub.length > MAX_LENGTH)
    throw new Problem('token.malformed', 'the name of an actor is too long')
  // For a person who acts for another, neither of the two answers here.
  if (profile.split(' ').includes('user'))
    throw new Problem('token.malformed', 'a person acts for another person in the chain')
  if (iss === ours) throw impostor('only Remit says what its agents did')
  if (isId('person', sub) || isId('task', sub)) throw impostor('an actor has an id of Remit')
}

function impostor(detail: string): Problem {
  return new Problem('actor.impostor', detail)
}
