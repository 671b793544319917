import { intersect } from '@remit/engine'
import { detailsForScope } from '../../../catalog/catalog/index.ts'
import { canProve } from '../../../identity/agent-authentication/index.ts'
import type { SponsorshipTerms } from '../../../identity/issuers/index.ts'
import { findPerson } from '../../../identity/people/index.ts'
import { RESOURCE_TOKEN_LIFE_MS } from '../../../identity/tokens/index.ts'
import { onProblem } from '../../../platform/lib/problem.ts'
import { DAY } from '../../../platform/lib/time-units.ts'
import { sponsorOnce } from '../../../tasks/sponsorship/index.ts'
import { type GrantRefusal, isRefused, readWanted, refused } from '../../issuance/index.ts'
import type { SponsoredOpening } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { readWorkload, type VouchedWorkload } from '../pipeline/authenticate-requester.ts'
import {
  type AuthenticationResult,
  failedAuthentication,
  isFailed,
} from '../pipeline/authenticated.ts'
import { underGrant } from './sponsored.ts'

/** A task that has one token and no way to the next lasts as long as that, and a moment for the two to be made. */
const ONE_TOKEN_SECONDS = RESOURCE_TOKEN_LIFE_MS / 1000 + 10

/**
 * A Workload Authorization Grant: a token of a trusted issuer is the grant itself, and the agent that it names acts
 * for itself, under a sponsor grant in force (contract 5.2). With a proof it is an opening as any other. Without one, where the
 * issuer may have that, there is one bearer token for one resource and nothing else.
 */
export async function authenticateWorkload(
  parts: GrantParts,
  opening: SponsoredOpening,
): Promise<AuthenticationResult> {
  const requester = await readWorkload(parts, opening)
  if (isFailed(requester)) return requester
  const asked = await asBrought(parts, opening, requester)
  if (isRefused(asked)) return failedAuthentication(opening, asked, requester)
  return underGrant(parts, asked, { requester, by: 'jwt_bearer' })
}

async function asBrought(
  parts: GrantParts,
  opening: SponsoredOpening,
  requester: VouchedWorkload,
): Promise<SponsoredOpening | GrantRefusal> {
  await sponsor(parts, requester)
  const asked = await withinItsWord(parts, opening, requester)
  if (isRefused(asked) || requester.proof) return asked
  const { agent, vouched } = requester
  // INVARIANT: what can prove possession, or may not do without, gets nothing that does not need it.
  // By the profile a second lock: `authenticate.ts` takes no token of a platform.
  const unbound = vouched.issuer.bearer && !parts.fapi2
  if (!unbound || (await canProve(parts.storage.read, agent.id)))
    return refused('proof.missing', 'send a DPoP proof: its token is bound to a key')
  if (asked.resource === undefined)
    return refused('resource.unknown', 'send the one `resource` that the token is for')
  return {
    ...asked,
    lifeSeconds: Math.min(asked.lifeSeconds ?? ONE_TOKEN_SECONDS, ONE_TOKEN_SECONDS),
  }
}

/**
 * Sponsors an agent that a rule admitted, as the rule says, by the owner who set it, when it comes
 * first.
 */
async function sponsor(parts: GrantParts, { agent, issuers }: VouchedWorkload): Promise<void> {
  const issuer = issuers.find(({ name }) => name === agent.issuer)
  const rule = issuer?.rules.find(({ name }) => agent.admission === `${issuer.name}/${name}`)
  if (!issuer || !rule || !('admit' in rule.gives)) return
  const { sponsor: given } = rule.gives.admit
  const owner = given && (await findPerson(parts.storage.read, rule.gives.admit.ownerId))
  // An owner who is gone, or to whom the agent does not belong any more, sponsors nothing; the opening names the missing part.
  if (!given || owner?.status !== 'active' || agent.ownerId !== owner.id) return
  const { kindOf } = await parts.catalog.current()
  const now = parts.clock.now()
  const terms = { ...termsOf(given, now), details: agent.ceiling }
  await sponsorOnce(parts, { agent, sponsor: owner, ...terms }, kindOf).catch(
    onProblem(() => undefined),
  )
}

function termsOf({ days, purpose, seconds, tasks }: SponsorshipTerms, now: number) {
  return { purpose, rate: { tasks, seconds }, expiresAt: now + days * DAY }
}

/**
 * WAG section 5.1: a `scope` in the token is the most that its platform wants for this request. What the catalog does not know of it
 * means nothing.
 */
async function withinItsWord(
  parts: Pick<GrantParts, 'catalog'>,
  opening: SponsoredOpening,
  { vouched }: VouchedWorkload,
): Promise<SponsoredOpening | GrantRefusal> {
  const { scope: said } = vouched.claims
  if (said === undefined) return opening
  if (typeof said !== 'string') return refused('token.malformed', '`scope` is not text')
  const catalog = await parts.catalog.current()
  const names = said.split(' ').filter((name) => catalog.actions.has(name))
  const most = detailsForScope(catalog, names.join(' '))
  const limit = names.length > 0 && most.ok ? most.details : []
  const asked = readWanted(opening, catalog)
  if (isRefused(asked)) return asked
  const details = asked === undefined ? limit : intersect(asked, limit, catalog.kindOf)
  if (details.length === 0)
    return refused('task.bad_scope', 'nothing of the request is in the scope of the assertion')
  const { scope: _, ...rest } = opening
  return { ...rest, details }
}
