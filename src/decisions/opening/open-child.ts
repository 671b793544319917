import { contains } from '@remit/engine'
import { type Agent, vouchedFor } from '../../agents/index.ts'
import { rememberedUntil } from '../../keys/index.ts'
import { Problem } from '../../lib/problem.ts'
import {
  type Basis,
  basesFor,
  basisLimits,
  findTask,
  joinTreeSteps,
  LINE_STEP,
} from '../../tasks/index.ts'
import { checkTicket, MAX_CHAIN, type TicketClaims } from '../../tokens/index.ts'
import type { HeldTask } from '../facts.ts'
import { ownTokens } from '../identify.ts'
import { issuedWithin, issuingBy } from '../issuance/gate.ts'
import { subjectOf } from '../minting.ts'
import type { DecisionParts } from '../parts.ts'
import { problemOr } from '../reasons.ts'
import { answerOpening } from './answer.ts'
import { authorityWithin, isNothing, withinAgent } from './authority.ts'
import { begin, refusedBy } from './begin.ts'
import { type BroughtAgent, readAgent } from './bring.ts'
import { type Granted, standsOn } from './grant.ts'
import { newTask } from './new-task.ts'
import { type ChildOpening, type Opened, type Refused, refused } from './opening.ts'
import { type Parent, readParent } from './parent.ts'
import { withinPlace } from './place.ts'
import { refuseOpening } from './refuse.ts'
import { detailsAt, isRefused, readLimits } from './wanted.ts'

/**
 * Opens a child: the agent that the ticket names redeems it, by its own authentication and a fresh key (contract 5.4).
 * Nothing of what the ticket was made under is believed: the parent, what it may hand on, and everyone in the chain are
 * looked at anew, and the tree is held while the child begins.
 */
export async function openChild(
  parts: DecisionParts,
  opening: ChildOpening,
): Promise<Opened | Refused> {
  const read = await readAgent(parts, opening)
  const ticket = read.ok && (await problemOr(checkTicket(opening.ticket, ownTokens(parts))))
  const known = ticket instanceof Problem || !ticket ? undefined : ticket
  const held = known && (await parts.facts.task(known.task.parent))
  const refuse = (refusal: Refused) =>
    refuseOpening(
      parts,
      {
        type: 'task.refused',
        proof: read.ok ? read.brought.proof : read.proof,
        about: {
          agent: read.ok ? read.brought.agent.id : read.agentId,
          person: held?.task.personId,
          tokenId: known?.jti,
          facts: { parent: held?.task.id },
        },
        ip: opening.origin.ip,
      },
      refusal,
    )
  if (!read.ok) return refuse(refused(read.problem.code, read.problem.detail))
  if (ticket instanceof Problem) return refuse(refused(ticket.code, ticket.detail))
  if (!known || !held || known.sub !== subjectOf(parts, held, undefined))
    return refuse(refused('token.unknown_task', 'the ticket is of no task here'))
  const redeeming = { opening, brought: read.brought, ticket: known, held }
  const grant = await problemOr(grantChild(parts, redeeming))
  if (grant instanceof Problem) return refuse(refused(grant.code, grant.detail))
  if (isRefused(grant)) return refuse(grant)
  const child = await beginning(parts, redeeming, grant)
  const failed = await begin(parts, child.task, {
    brought: read.brought,
    // Another replica's clock may be behind ours: it must remember for longer than it accepts.
    also: { kind: 'ticket', replayKey: known.jti, expiresAt: rememberedUntil(known.exp * 1000) },
    guards: joinTreeSteps(
      parts.storage.read,
      { ...child.task, parentId: held.task.id },
      child.above.map(({ id }) => id),
    ),
    record: { chain: child.chain, tokenId: known.jti, origin: opening.origin },
  })
  if (failed === LINE_STEP) return refuse(await notOpen(parts, child.above))
  if (failed !== undefined) return refuse(refusedBy(failed))
  return answerOpening(parts, opening, child, grant)
}

interface Redeeming {
  readonly opening: ChildOpening
  readonly brought: BroughtAgent
  readonly ticket: TicketClaims
  /** The parent. */
  readonly held: HeldTask
}

type ChildGrant = Pick<
  Granted,
  | 'details'
  | 'mayDelegate'
  | 'delegatesAsked'
  | 'budget'
  | 'person'
  | 'bases'
  | 'place'
  | 'views'
  | 'issuing'
>

/**
 * Asked ∩ the child agent's ceiling ∩ what the parent and all above may hand on ∩ what administrators allow the child's
 * agent for this person (contract 2). The parent's list lies within every basis the parent stands on. A consent of the
 * child's agent adds nothing: for whom it works here, the parent decided.
 */
async function grantChild(
  parts: DecisionParts,
  { opening, brought, ticket, held }: Redeeming,
): Promise<ChildGrant | Refused> {
  const { agent: known, issuers } = brought
  if (ticket.agent !== known.id)
    return refused('ticket.wrong_agent', 'the ticket names another agent')
  if (held.chain.length + held.task.actors.length >= MAX_CHAIN)
    return refused('task.too_deep', `a chain has ${MAX_CHAIN} agents at most`)
  const parent = await readParent(parts, held, {
    child: known,
    issuers: issuers.map(({ name }) => name),
    ticket: opening.ticket,
    space: ticket.space,
  })
  if (isRefused(parent)) return parent
  const agent = vouchedFor(known, issuers, parent.catalog.kindOf)
  const budget = readLimits(ticket.budget, parent.catalog)
  if (isRefused(budget)) return budget
  const bases = await adminBases(parts, held.task.personId, agent.id)
  const whole = authorityOf(ticket, agent, { parent, bases })
  if (isRefused(whole)) return whole
  const { person, views, where } = parent
  const { purpose } = ticket.task
  const issuing = issuingBy('jwt_bearer', opening)
  const { sponsored } = held.task
  const agents = [agent, ...parent.agents]
  const got = await issuedWithin(
    parts,
    { person, agents, sponsored, where, purpose, views, actors: held.task.actors },
    issuing,
    { catalog: parent.catalog, got: whole },
  )
  if (isRefused(got)) return got
  if (opening.resource !== undefined && detailsAt(got.details, opening.resource).length === 0)
    return refused('task.resource_not_granted', 'nothing was granted at this resource')
  return {
    ...got,
    delegatesAsked: ticket.delegates !== undefined,
    budget,
    person,
    bases: standsOn(got, bases, parent.catalog.kindOf),
    place: parent.place,
    views,
    issuing,
  }
}

function authorityOf(
  { delegates, details: calls }: TicketClaims,
  agent: Agent,
  { parent, bases }: { parent: Parent; bases: readonly Basis[] },
): Pick<Granted, 'details' | 'mayDelegate'> | Refused {
  const { kindOf } = parent.catalog
  const asked = withinPlace({ calls, delegates }, parent.where, kindOf)
  if (isRefused(asked)) return asked
  if (isNothing(asked, withinAgent(asked, agent, kindOf)))
    return refused('task.beyond_ceiling', 'the agent may never be given any of what is asked')
  const own = { parent: parent.mayHandOn, bases: [parent.mayHandOn] }
  if (isNothing(asked, authorityWithin(asked, agent, own, kindOf)))
    return refused('task.beyond_parent', 'the parent may hand on nothing of it any more')
  const limits = { ...own, bases: [...own.bases, ...basisLimits(bases)] }
  const got = authorityWithin(asked, agent, limits, kindOf)
  if (isNothing(asked, got))
    return refused('task.beyond_basis', 'administrators allow the agent other things here')
  // INVARIANT: no child holds more than its parent may delegate. By construction; asked once more all the same.
  if (!contains(parent.mayHandOn, [...got.details, ...got.mayDelegate], kindOf))
    throw new Error('a child would hold more than its parent may delegate')
  return got
}

/** Where administrators have said what an agent may do for a person, they mean it of children, too. */
export async function adminBases(
  parts: DecisionParts,
  personId: string,
  agentId: string,
): Promise<Basis[]> {
  const now = parts.clock.now()
  const bases = await basesFor(parts.storage.read, { personId, agentId, now })
  return bases.filter(({ kind }) => kind === 'admin')
}

async function beginning(
  parts: DecisionParts,
  { brought, held, ticket }: Redeeming,
  grant: ChildGrant,
): Promise<HeldTask> {
  const { task: parent } = held
  const task = await newTask(parts, {
    agentId: brought.agent.id,
    personId: parent.personId,
    purpose: ticket.task.purpose,
    details: grant.details,
    mayDelegate: grant.mayDelegate,
    budget: grant.budget,
    bases: grant.bases,
    keyThumbprint: brought.proof.thumbprint,
    lifeSeconds: ticket.lifeSeconds,
    openedBy: 'child',
    issuers: brought.issuers,
    place: grant.place,
    parent,
  })
  // INVARIANT: who acts for whom is read from rows, never from a token.
  return {
    task,
    chain: [task.agentId, ...held.chain],
    above: [parent, ...held.above],
    spaces: grant.place.spaces,
  }
}

/** What became of the line between looking and beginning. */
async function notOpen(parts: DecisionParts, line: HeldTask['above']): Promise<Refused> {
  for (const { id } of line) {
    const task = await findTask(parts.storage.read, id)
    if (task?.state === 'suspended') return refused('task.suspended', 'a task above is suspended')
  }
  return refusedBy(LINE_STEP)
}
