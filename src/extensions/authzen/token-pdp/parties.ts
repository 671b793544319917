import type { GateResult } from '@remit/engine'
import type { GrantParts } from '../../../grants/grants/index.ts'
import { type Agent, findAgent, findAgentOfClient } from '../../../identity/agents/index.ts'
import { agentWithinIssuers, type TrustedIssuer } from '../../../identity/issuers/index.ts'
import { findPerson, findPersonBySubject, type Person } from '../../../identity/people/index.ts'
import { isId } from '../../../platform/lib/id.ts'
import { onProblem, type ProblemCode } from '../../../platform/lib/problem.ts'
import type { LiveView } from '../../../platform/revocation/index.ts'
import { adminBases, type Basis, basesFor, basisLimits } from '../../../tasks/consent/index.ts'
import { codeOf } from '../../../tasks/decision-log/index.ts'
import {
  alsoKeys,
  alsoLiveness,
  certifiedAt,
  livenessOf,
  openingKeys,
} from '../../../tasks/facts/index.ts'
import {
  allowsAt,
  answersFor,
  findSponsorGrant,
  grantInForce,
  listSponsorGrants,
  type SponsorGrant,
} from '../../../tasks/sponsorship/index.ts'
import type { AskedParty, IssuanceRequest, IssuingAsker } from './question.ts'

/** Parties for whom a server is to issue, all alive. */
export interface Parties {
  /** The represented person; of a token that represents none, the sponsor. */
  readonly person: Person
  readonly sponsorGrant: SponsorGrant | undefined
  /** Every agent that takes part, the one that asks first; each within the limits of its issuer. */
  readonly agents: readonly Agent[]
  /** Bases of each of them for this person, in the order of `agents`. */
  readonly bases: readonly (readonly Basis[])[]
  /** Time when the sponsor grant ends, or the trust in the issuer of one of the agents. */
  readonly until: number
  readonly views: readonly LiveView[]
}

/** Parties of the token, or why there are none. */
export type FoundParties = Parties | { readonly reason: ProblemCode }

/**
 * Finds the parties of one request. A party that is unknown, or named in two ways, is none.
 * INVARIANT: nothing is issued but to an agent that acts for a person, or for a sponsor.
 */
export async function partiesOf(
  parts: GrantParts,
  asker: IssuingAsker,
  request: IssuanceRequest,
): Promise<FoundParties> {
  const named = namedBy(request)
  const users = named.filter(({ type }) => type === 'user')
  const [user, ...others] = users
  if (others.length > 0) return { reason: 'evaluation.wrong_subject' }
  const agentIds = await agentsOf(parts, asker, request, named)
  if (agentIds === undefined || agentIds.length === 0) return { reason: 'agent.unknown' }
  const grant = user ? undefined : await sponsorGrantOf(parts, request, agentIds)
  if (grant && 'reason' in grant) return grant
  const person = grant
    ? await findPerson(parts.storage.read, grant.personId)
    : user && (await personOf(parts, asker, user))
  if (!person) return { reason: 'person.unknown' }
  return alive(parts, { asker, person, agentIds, grant, request })
}

/** Each subject once, in the order in which they are asked about. */
function namedBy({ questions }: IssuanceRequest): readonly AskedParty[] {
  const found = new Map<string, AskedParty>()
  for (const { subject } of questions) found.set(`${subject.type} ${subject.id}`, subject)
  return [...found.values()]
}

/** Finds the agents of a question; `undefined`: one of them is unknown. The client counts where the question names none. */
async function agentsOf(
  parts: GrantParts,
  asker: IssuingAsker,
  { clientId }: IssuanceRequest,
  named: readonly AskedParty[],
): Promise<readonly string[] | undefined> {
  const ids = new Set<string>()
  for (const party of named) {
    if (party.type === 'user') continue
    const agent = await agentOf(parts, asker, party)
    if (agent === undefined) return undefined
    ids.add(agent)
  }
  const asked = ids.size > 0
  if (clientId !== undefined) {
    const agent = await agentOf(parts, asker, { type: 'client', id: clientId })
    // INVARIANT: a registered client is added to the chain; an unregistered one never shortens it.
    if (agent !== undefined) ids.add(agent)
    else if (!asked) return undefined
  }
  return [...ids]
}

async function agentOf(
  parts: GrantParts,
  { issuer, parties }: IssuingAsker,
  { id, type }: AskedParty,
): Promise<string | undefined> {
  const set = parties.find((party) => party.type === type && party.id === id)
  if (set) return set.agent
  if (type !== 'client') return undefined
  return findAgentOfClient(parts.storage.read, { issuer, clientId: id })
}

/** Finds a person by our own id, or as the server's own subject. */
function personOf(
  { storage }: GrantParts,
  { issuer }: IssuingAsker,
  { id }: AskedParty,
): Promise<Person | undefined> {
  return isId('person', id)
    ? findPerson(storage.read, id)
    : findPersonBySubject(storage.read, issuer, id)
}

/**
 * Finds the grant under which an agent may act with no person present. One that counts its openings
 * cannot be used: a question takes nothing, so nothing would be counted.
 */
async function sponsorGrantOf(
  parts: GrantParts,
  { sponsorGrant: id }: IssuanceRequest,
  [agentId]: readonly string[],
): Promise<SponsorGrant | { readonly reason: ProblemCode }> {
  const { read } = parts.storage
  const now = parts.clock.now()
  const usable = (grant: SponsorGrant) => grant.agentId === agentId && grantInForce(grant, now)
  const all =
    id === undefined
      ? await listSponsorGrants(read, { agentId: agentId ?? '', inForceAt: now, limit: 2 })
      : [await findSponsorGrant(read, id)]
  const [only, another] = all.filter((grant) => grant !== undefined).filter(usable)
  if (another) return { reason: 'sponsor_grant.ambiguous' }
  if (!only) return { reason: 'sponsor_grant.unknown' }
  if (only.rate !== null) return { reason: 'sponsor_grant.not_in_force' }
  if (only.schedule && !allowsAt(only.schedule, now)) return { reason: 'sponsor_grant.not_now' }
  return only
}

async function alive(
  parts: GrantParts,
  found: {
    readonly asker: IssuingAsker
    readonly person: Person
    readonly agentIds: readonly string[]
    readonly grant: SponsorGrant | undefined
    readonly request: IssuanceRequest
  },
): Promise<FoundParties> {
  const { agentIds, grant } = found
  const sponsored = grant !== undefined
  const before = await issuersBehind(parts, agentIds).catch(asReason)
  if ('reason' in before) return before
  const names = before.flat().map(({ name }) => name)
  const keys = agentIds.flatMap((id) => openingKeys(found.person.id, id, [], names))
  const view = await parts.live.view(keys)
  const dead = gateReason(livenessOf(view))
  if (dead) return { reason: dead }
  // INVARIANT: everything that counts is read after the view that watches over it, whose client an agent is, too.
  const person = await parts.facts.person(found.person.id, view)
  const agents: Agent[] = []
  const vouching = await issuersBehind(parts, agentIds).catch(asReason)
  if ('reason' in vouching) return vouching
  const { kindOf } = await parts.catalog.current()
  for (const [i, id] of agentIds.entries())
    agents.push(agentWithinIssuers(await parts.facts.agent(id, view), vouching[i] ?? [], kindOf))
  if (!(await sameAgents(parts, found))) return { reason: 'agent.unknown' }
  const owners = agents.map(({ ownerId }) => ownerId)
  const also = await parts.live.view(alsoKeys(owners, []))
  const at = parts.clock.now()
  const sponsor = sponsored ? person : undefined
  const not = gateReason(certifiedAt(agents, at) ?? alsoLiveness(also, { agents, sponsor }))
  if (not) return { reason: not }
  const old = await parts.facts.stale({ sponsored }, { person, where: undefined, at })
  if (old) return { reason: codeOf(old.reason ?? '') }
  const bases: (readonly Basis[])[] = []
  for (const id of agentIds) bases.push(await basesOf(parts, person.id, id, sponsored))
  const [first] = agents
  if (grant && !(first && answersFor(person, first)))
    return { reason: 'sponsor_grant.not_in_force' }
  const ends = vouching.flat().map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY)
  const until = Math.min(grant?.expiresAt ?? Number.POSITIVE_INFINITY, ...ends)
  return { person, sponsorGrant: grant, agents, bases, until, views: [view, also] }
}

const asReason = onProblem(({ code }) => ({ reason: code }))

/**
 * Finds the issuers that vouch for each agent.
 * @throws Problem `issuer.…`
 */
function issuersBehind(
  parts: GrantParts,
  agentIds: readonly string[],
): Promise<readonly (readonly TrustedIssuer[])[]> {
  return Promise.all(
    agentIds.map(async (id) => {
      const agent = await findAgent(parts.storage.read, id)
      return agent ? parts.issuers.behind(agent) : []
    }),
  )
}

async function sameAgents(
  parts: GrantParts,
  given: Pick<Parameters<typeof alive>[1], 'asker' | 'request' | 'agentIds'>,
): Promise<boolean> {
  const { agentIds, asker, request } = given
  const now = (await agentsOf(parts, asker, request, namedBy(request))) ?? []
  return now.length === agentIds.length && now.every((id, i) => id === agentIds[i])
}

function basesOf(
  parts: GrantParts,
  personId: string,
  agentId: string,
  sponsored: boolean,
): Promise<readonly Basis[]> {
  if (sponsored) return adminBases(parts, personId, agentId)
  return basesFor(parts.storage.read, { personId, agentId, now: parts.clock.now() })
}

/**
 * Turns consents into limits of what may be done. With a sponsor, the grant is the first of them.
 */
export function limitsOf({ sponsorGrant }: Parties, bases: readonly Basis[]) {
  const limits = basisLimits(bases).calls
  return sponsorGrant ? [sponsorGrant.details, ...limits] : limits
}

function gateReason(gate: GateResult): ProblemCode | undefined {
  return gate.passed ? undefined : codeOf(gate.reason ?? '')
}
