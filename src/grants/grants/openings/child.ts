import { contains } from '@remit/engine'
import type { Agent } from '../../../identity/agents/index.ts'
import { agentWithinIssuers } from '../../../identity/issuers/index.ts'
import { checkTicket, MAX_CHAIN, type TicketClaims } from '../../../identity/tokens/index.ts'
import { rememberedUntil } from '../../../platform/jose/index.ts'
import {
  adminBases,
  type Basis,
  basisLimits,
  joinLimits,
  standsOn,
} from '../../../tasks/consent/index.ts'
import { ownTokens, tokenSubject } from '../../../tasks/facts/index.ts'
import { joinTreeSteps, type TaskLineage } from '../../../tasks/tasks/index.ts'
import {
  asRefused,
  authorityWithin,
  type GrantRefusal,
  type IssuanceContext,
  isNothing,
  isRefused,
  issuedWithin,
  missingOf,
  NOTHING,
  type PeopleTerms,
  readLimits,
  refused,
  withinAgent,
} from '../../issuance/index.ts'
import type { GrantSource } from '../frozen-request.ts'
import type { ChildOpening } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { readAgent } from '../pipeline/authenticate-requester.ts'
import {
  type AuthenticationResult,
  attemptBy,
  failedAuthentication,
  isFailed,
} from '../pipeline/authenticated.ts'
import type { GrantedAuthority } from '../pipeline/grant.ts'
import {
  type PlannedGrant,
  type PlanRequest,
  type PlanResult,
  unlessForbidden,
} from '../pipeline/plan.ts'
import { withinPlace } from '../pipeline/requested-space.ts'
import { type Parent, readParent } from './parent.ts'

/**
 * A ticket opens a child: the agent that it names redeems it, by its own authentication and a fresh key (contract 5.4).
 * Nothing of what the ticket was made under is believed: the plan looks at the parent, what it may hand on, and everyone in the
 * chain again, and the tree is held while the child begins.
 */
export async function authenticateChild(
  parts: GrantParts,
  opening: ChildOpening,
): Promise<AuthenticationResult> {
  const requester = await readAgent(parts, opening)
  if (isFailed(requester)) return requester
  const ticket = await checkTicket(opening.ticket, ownTokens(parts)).catch(asRefused)
  if (isRefused(ticket)) return failedAuthentication(opening, ticket, requester)
  const held = await parts.facts.task(ticket.task.parent)
  const attempt = attemptBy(opening, requester.proof, {
    ...{ agent: requester.agent.id, person: held?.task.personId, tokenId: ticket.jti },
    facts: { parent: held?.task.id },
  })
  if (!held || ticket.sub !== tokenSubject(parts, held, undefined))
    return { outcome: 'failed', attempt, refusal: UNKNOWN }
  // Another replica's clock may be behind ours: it must remember for longer than it accepts.
  const expiresAt = rememberedUntil(ticket.exp * 1000)
  const { lifeSeconds, task } = ticket
  return {
    ...{ outcome: 'authenticated', flow: 'deferred', asksPeople: true, attempt },
    ...{ requester, origin: opening.origin, defer: opening.defer },
    also: { kind: 'ticket', replayKey: ticket.jti, expiresAt },
    ticket: opening.ticket,
    // All that its ticket says; who it is for and under what, the parent does.
    request: {
      ...{ purpose: task.purpose, lifeSeconds, resource: opening.resource },
      proved: { authTime: null, acr: null },
      way: { kind: 'child', ticket },
    },
  }
}

const UNKNOWN = refused('token.unknown_task', 'the ticket belongs to no task here')

/**
 * Asked ∩ the child agent's ceiling ∩ what the parent and all above may hand on ∩ what administrators allow the child's
 * agent for this person (contract 2). The parent's list lies within every basis the parent stands on. A consent of the
 * child's agent adds nothing: for whom it works here, the parent decided.
 */
export async function planChild(
  parts: GrantParts,
  { requester, request, ticket: shown }: PlanRequest,
  { ticket }: Extract<GrantSource, { kind: 'child' }>,
  { issuing, ...people }: PeopleTerms & { readonly issuing: IssuanceContext },
): Promise<PlanResult> {
  const held = await parts.facts.task(ticket.task.parent)
  if (!held) return UNKNOWN
  const { agent: known, issuers } = requester
  if (ticket.agent !== known.id)
    return refused('ticket.wrong_agent', 'the ticket names another agent')
  // A second lock: the ticket was made for the same chain, and refused there.
  if (held.chain.length + held.task.actors.length >= MAX_CHAIN)
    return refused('task.too_deep', `a chain has ${MAX_CHAIN} agents at most`)
  const parent = await readParent(parts, held, {
    child: known,
    issuers: issuers.map(({ name }) => name),
    ...(shown === undefined ? {} : { ticket: shown }),
    space: ticket.space,
  })
  if (isRefused(parent)) return parent
  const { catalog, person, place, views, where } = parent
  const agent = agentWithinIssuers(known, issuers, catalog.kindOf)
  const budget = readLimits(ticket.budget, catalog)
  if (isRefused(budget)) return budget
  const bases = await adminBases(parts, held.task.personId, agent.id)
  const whole = authorityOf(ticket, agent, { parent, bases })
  if (isRefused(whole)) return whole
  const { actors, sponsored } = held.task
  const agents = [agent, ...parent.agents]
  const { purpose } = request
  const issuable = await issuedWithin(
    parts,
    { person, agents, sponsored, where, purpose, views, actors },
    issuing,
    { catalog, got: whole, ...people },
  )
  if (isRefused(issuable)) return issuable
  const { forbids, got } = issuable
  const grant: PlannedGrant = {
    ...{ ...got, budget, person, place, views, issuing },
    // No one is asked: the parent decides about its child.
    missing: missingOf(
      { calls: ticket.details, delegates: ticket.delegates },
      got,
      NOTHING,
      catalog.kindOf,
    ),
    delegatesAsked: ticket.delegates !== undefined,
    bases: standsOn(got, bases, catalog.kindOf),
  }
  const guards = ({ above, task }: TaskLineage) => {
    const line = above.map(({ id }) => id)
    return joinTreeSteps(parts.storage.read, { ...task, parentId: held.task.id }, line)
  }
  const plan = {
    outcome: 'planned',
    grant,
    issuers,
    openedBy: 'child',
    parent: held,
    guards,
  } as const
  return unlessForbidden(plan, forbids, catalog)
}

function authorityOf(
  { delegates, details: calls }: TicketClaims,
  agent: Agent,
  { parent, bases }: { parent: Parent; bases: readonly Basis[] },
): Pick<GrantedAuthority, 'details' | 'mayDelegate'> | GrantRefusal {
  const { kindOf } = parent.catalog
  const asked = withinPlace({ calls, delegates }, parent.where, kindOf)
  if (isRefused(asked)) return asked
  if (isNothing(asked, withinAgent(asked, agent, kindOf)))
    return refused('task.beyond_ceiling', "nothing of the request is within the agent's ceiling")
  const handedOn = { calls: [parent.mayHandOn], delegates: [parent.mayHandOn] }
  const own = { parent: parent.mayHandOn, bases: handedOn }
  if (isNothing(asked, authorityWithin(asked, agent, own, kindOf)))
    return refused('task.beyond_parent', 'the parent may no longer delegate any of it')
  const limits = { ...own, bases: joinLimits(handedOn, basisLimits(bases)) }
  const got = authorityWithin(asked, agent, limits, kindOf)
  if (isNothing(asked, got))
    return refused('task.beyond_basis', 'administrators do not allow the agent any of it here')
  // INVARIANT: no child holds more than its parent may delegate. By construction; asked once more all the same.
  if (!contains(parent.mayHandOn, [...got.details, ...got.mayDelegate], kindOf))
    throw new Error('a child would hold more than its parent may delegate')
  return got
}
