import type { Detail } from '@remit/engine'
import type { Agent } from '../../../identity/agents/index.ts'
import {
  isNewcomer,
  resolveNamedPerson,
  type UnprovisionedPerson,
} from '../../../identity/identity-providers/index.ts'
import {
  agentWithinIssuers,
  claimAt,
  identifyClient,
  provisionAssertedPerson,
  type TrustedIssuer,
  type VerifiedToken,
} from '../../../identity/issuers/index.ts'
import type { Person } from '../../../identity/people/index.ts'
import type { ForeignActor } from '../../../identity/tokens/index.ts'
import { rememberedUntil } from '../../../platform/jose/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { basesFor, basisLimits, joinLimits, standsOn } from '../../../tasks/consent/index.ts'
import type { Call } from '../../../tasks/facts/index.ts'
import { FOREIGN_GUARD, foreignTokenStep, openSteps } from '../../../tasks/tasks/index.ts'
import {
  authorityWithin,
  detailsAt,
  type GrantRefusal,
  isRefused,
  issuedWithin,
  refused,
  refusedBy,
} from '../../issuance/index.ts'
import type { GrantParts } from '../parts.ts'
import { type ActorChain, readBehind } from '../pipeline/actors.ts'
import { enter } from '../pipeline/grant.ts'
import { newTask } from '../pipeline/new-task.ts'
import { foreignDetails } from './foreign-details.ts'

/** Token as it was shown. */
interface ShownToken {
  /** `undefined`: it is bound to no key. */
  readonly thumbprint: string | undefined
  readonly resource: string
  readonly origin: Call['origin'] | undefined
}

/**
 * Opens the one task of an access token of another server (contract 5.6): for the person that it names, by the agent that its client
 * is, for what its scopes and details mean here, within everything that limits a task here, until it expires. What its server asked the
 * person stands for a consent, because an administrator said so when trusting it.
 * @throws Problem `token.…`, `issuer.…`, `person.…`, `agent.…`, where the token itself is not accepted
 */
export async function openImplicit(
  parts: GrantParts,
  vouched: VerifiedToken,
  shown: ShownToken,
): Promise<GrantRefusal | undefined> {
  const agent = await identifyClient(parts, vouched)
  const behind = await readBehind(parts, vouched)
  const issuers = await resting(parts, vouched, agent, behind)
  const met = await personOf(parts, vouched)
  const token = { agent, issuers, actors: behind.actors, vouched, shown }
  const person = isNewcomer(met) ? await provisionByToken(parts, met, token) : met
  if (isRefused(person)) return person
  const grant = await grantFor(parts, { person, newcomer: false }, token)
  if (isRefused(grant)) return grant
  const { bases, details, kindOf, place } = grant
  const task = await newTask(parts, {
    ...{ agentId: agent.id, personId: person.id, purpose: purposeOf(vouched), budget: [] },
    details,
    // There is no task token to hand anything on with.
    mayDelegate: [],
    keyThumbprint: shown.thumbprint ?? null,
    openedBy: 'token',
    issuers,
    actors: behind.actors,
    bases: standsOn({ details, mayDelegate: [] }, bases, kindOf),
    lifeSeconds: Math.max(1, Math.floor(vouched.claims.exp - parts.clock.now() / 1000)),
    place,
  })
  const { read } = parts.storage
  const expiresAt = rememberedUntil(vouched.claims.exp * 1000)
  const done = await parts.live.commit(parts.storage, [
    foreignTokenStep(read, { digest: vouched.digest, taskId: task.id, expiresAt }),
    ...openSteps(parts, task, { chain: [task.agentId], origin: shown.origin }),
  ])
  // Another request of the same token was first: its task is the one.
  return done.committed || done.failed === FOREIGN_GUARD ? undefined : refusedBy(done.failed)
}

/** A token, checked, of an agent that is known. */
interface Token {
  readonly agent: Agent
  /** All that it rests on. */
  readonly issuers: readonly TrustedIssuer[]
  readonly actors: readonly ForeignActor[]
  readonly vouched: VerifiedToken
  readonly shown: ShownToken
}

/** INVARIANT: no person is created by a token that opens nothing. */
async function provisionByToken(
  parts: GrantParts,
  newcomer: UnprovisionedPerson,
  token: Token,
): Promise<Person | GrantRefusal> {
  const grant = await grantFor(parts, { person: newcomer.person, newcomer: true }, token)
  if (isRefused(grant)) return grant
  return provisionAssertedPerson(parts, token.vouched.issuer.name, newcomer)
}

/** Finds the grant that the token comes to here. Reads, and writes nothing. */
async function grantFor(
  parts: GrantParts,
  who: { readonly person: Person; readonly newcomer: boolean },
  { actors, agent, issuers, shown, vouched }: Token,
) {
  const { person } = who
  const here = await enter(parts, {}, { ...who, agent, issuers, sponsored: false })
  if (isRefused(here)) return here
  const catalog = await parts.catalog.current()
  const { kindOf } = catalog
  const calls = asked(
    vouched,
    foreignDetails(vouched, catalog),
    catalog.at(shown.resource).locations,
  )
  const limited = agentWithinIssuers(agent, issuers, kindOf)
  const now = parts.clock.now()
  const bases = (
    await basesFor(parts.storage.read, { personId: person.id, agentId: agent.id, now })
  ).filter(({ kind }) => kind === 'admin')
  const limits = { bases: joinLimits({ calls: [calls], delegates: [] }, basisLimits(bases)) }
  const whole = authorityWithin({ calls, delegates: undefined }, limited, limits, kindOf)
  const openers = {
    ...{ person, agents: [limited], sponsored: false, where: here.where },
    ...{ purpose: purposeOf(vouched), views: here.views, actors },
  }
  const issuing = {
    grant: 'token_exchange' as const,
    bound: shown.thumbprint !== undefined,
    origin: shown.origin ?? { ip: '' },
  }
  if (whole.details.length === 0)
    return refused('task.beyond_ceiling', 'nothing in the token can be granted here')
  const issuable = await issuedWithin(parts, openers, issuing, { catalog, got: whole })
  if (isRefused(issuable)) return issuable
  return { bases, details: issuable.got.details, kindOf, place: here.place }
}

async function resting(
  parts: Pick<GrantParts, 'issuers'>,
  { issuer }: VerifiedToken,
  agent: Parameters<GrantParts['issuers']['behind']>[0],
  behind: ActorChain,
): Promise<readonly TrustedIssuer[]> {
  const all = [issuer, ...behind.issuers, ...(await parts.issuers.behind(agent))]
  return [...new Map(all.map((each) => [each.name, each])).values()]
}

/** INVARIANT: whom a token is for is said by the claim that was configured, as a person of the provider that was configured. */
async function personOf(
  parts: GrantParts,
  { claims, issuer }: VerifiedToken,
): Promise<Person | UnprovisionedPerson> {
  const { access } = issuer
  if (!access) throw new Problem('issuer.not_trusted', 'its access tokens are not accepted')
  // RFC 9068 section 2.2: a client that asked for itself is its own subject.
  if (claims.sub === (claims.client_id ?? claims.azp))
    throw new Problem('token.malformed', 'the token has no person: its subject is its client')
  const said = claimAt(claims, access.subject)
  return resolveNamedPerson(parts, { provider: access.provider, said }, claims.iat)
}

/**
 * Names the details that a token asks for: one that is for one resource opens nothing at any other.
 */
function asked(
  { issuer }: VerifiedToken,
  details: readonly Detail[],
  there: readonly string[],
): readonly Detail[] {
  return issuer.audience === null ? detailsAt(details, there) : details
}

/** Words a purpose, since a token says none. */
function purposeOf({ issuer }: VerifiedToken): string {
  return `access by a token of ${issuer.name}`
}
