import { contains } from '@remit/engine'
import { type Agent, vouchedFor } from '../../agents/index.ts'
import {
  authorityWithin,
  isNothing,
  ownTokens,
  problemOr,
  subjectOf,
  withinAgent,
} from '../../facts/index.ts'
import { rememberedUntil } from '../../keys/index.ts'
import { Problem } from '../../lib/problem.ts'
import type { TaskLineage } from '../../tasks/index.ts'
import {
  allLimits,
  type Basis,
  basesFor,
  basisLimits,
  findTask,
  joinTreeSteps,
  LINE_STEP,
} from '../../tasks/index.ts'
import { checkTicket, MAX_CHAIN, type TicketClaims } from '../../tokens/index.ts'
import type { FrozenRequest } from '../frozen-request.ts'
import {
  type ChildOpening,
  type Deferred,
  type Opened,
  type Refused,
  refused,
  refusedFor,
} from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { askApprovers } from '../pipeline/ask-approvers.ts'
import { begin, refusedBy } from '../pipeline/begin.ts'
import { type BroughtAgent, readAgent } from '../pipeline/bring.ts'
import {
  type Asking,
  type Granted,
  isUnapproved,
  standsOn,
  type Unapproved,
  unlessAsked,
} from '../pipeline/grant.ts'
import { type NewTask, newTask } from '../pipeline/new-task.ts'
import { withinPlace } from '../pipeline/place.ts'
import { type Attempt, refuseOpening } from '../pipeline/refuse.ts'
import { issuedWithin } from '../token-policy/gate.ts'
import { issuingBy } from '../token-policy/issuing.ts'
import { detailsAt, isRefused, readLimits } from '../wanted.ts'
import { answerOpening } from './answer.ts'
import { type Parent, readParent } from './parent.ts'

/**
 * Opens a child: the agent that the ticket names redeems it, by its own authentication and a fresh key (contract 5.4).
 * Nothing of what the ticket was made under is believed: the parent, what it may hand on, and everyone in the chain are
 * looked at anew, and the tree is held while the child begins.
 */
export async function openChild(
  parts: GrantParts,
  opening: ChildOpening,
): Promise<Opened | Deferred | Refused> {
  const read = await readAgent(parts, opening)
  const ticket = read.ok && (await problemOr(checkTicket(opening.ticket, ownTokens(parts))))
  const known = ticket instanceof Problem || !ticket ? undefined : ticket
  const held = known && (await parts.facts.task(known.task.parent))
  const attempt: Attempt = {
    type: 'task.refused',
    proof: read.ok ? read.brought.proof : read.proof,
    about: {
      agent: read.ok ? read.brought.agent.id : read.agentId,
      person: held?.task.personId,
      tokenId: known?.jti,
      facts: { parent: held?.task.id },
    },
    ip: opening.origin.ip,
  }
  const refuse = (refusal: Refused) => refuseOpening(parts, attempt, refusal)
  if (!read.ok) return refuse(refusedFor(read.problem))
  if (ticket instanceof Problem) return refuse(refused(ticket.code, ticket.detail))
  if (!known || !held || known.sub !== subjectOf(parts, held, undefined))
    return refuse(refused('token.unknown_task', 'the ticket is of no task here'))
  const redeeming = { opening, brought: read.brought, ticket: known, held }
  const grant = await problemOr(grantChild(parts, redeeming, { asking: [] }))
  if (grant instanceof Problem) return refuse(refused(grant.code, grant.detail))
  if (isRefused(grant)) return refuse(grant)
  // Another replica's clock may be behind ours: it must remember for longer than it accepts.
  const expiresAt = rememberedUntil(known.exp * 1000)
  const also = { kind: 'ticket', replayKey: known.jti, expiresAt } as const
  if (isUnapproved(grant)) {
    const { agent, proof } = read.brought
    return askApprovers(parts, {
      ...{ also, attempt, brought: read.brought, unapproved: grant, grant: 'jwt_bearer' },
      ...{ chain: [agent.id, ...held.chain], defer: opening.defer },
      sponsored: held.task.sponsored,
      waiting: {
        ...{ flow: 'deferred', agent, personId: held.task.personId },
        ...{ thumbprint: proof.thumbprint, request: frozenChild(opening, known) },
      },
    })
  }
  const child = await beginning(parts, redeeming, grant)
  const failed = await begin(parts, child.task, {
    brought: read.brought,
    also,
    guards: childGuards(parts, child),
    record: { chain: child.chain, tokenId: known.jti, origin: opening.origin },
  })
  if (failed === LINE_STEP) return refuse(await notOpen(parts, child.above))
  if (failed !== undefined) return refuse(refusedBy(failed))
  return answerOpening(parts, opening, child, grant)
}

/** All that its ticket says; who it is for and under what, the parent does. */
function frozenChild({ resource }: ChildOpening, ticket: TicketClaims): FrozenRequest {
  const { lifeSeconds, task } = ticket
  const proved = { authTime: null, acr: null }
  return { purpose: task.purpose, lifeSeconds, resource, proved, way: { kind: 'child', ticket } }
}

/** The tree, held while a child begins. */
export function childGuards({ storage }: GrantParts, { above, task }: TaskLineage) {
  const [parent] = above
  if (!parent) throw new TypeError('a child without a parent')
  const line = above.map(({ id }) => id)
  return joinTreeSteps(storage.read, { ...task, parentId: parent.id }, line)
}

export interface Redeeming {
  readonly opening: Pick<ChildOpening, 'origin' | 'resource'> & { readonly ticket?: string }
  readonly brought: Omit<BroughtAgent, 'assertion'>
  readonly ticket: TicketClaims
  /** The parent. */
  readonly held: TaskLineage
}

export type ChildGrant = Pick<
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
export async function grantChild(
  parts: GrantParts,
  { opening, brought, ticket, held }: Redeeming,
  people: Asking,
): Promise<ChildGrant | Unapproved<ChildGrant> | Refused> {
  const { agent: known, issuers } = brought
  if (ticket.agent !== known.id)
    return refused('ticket.wrong_agent', 'the ticket names another agent')
  // A second lock: the ticket was made for the same chain, and refused there.
  if (held.chain.length + held.task.actors.length >= MAX_CHAIN)
    return refused('task.too_deep', `a chain has ${MAX_CHAIN} agents at most`)
  const parent = await readParent(parts, held, {
    child: known,
    issuers: issuers.map(({ name }) => name),
    ...(opening.ticket === undefined ? {} : { ticket: opening.ticket }),
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
    { catalog: parent.catalog, got: whole, ...people },
  )
  if (isRefused(got)) return got
  if (opening.resource !== undefined && detailsAt(got.details, opening.resource).length === 0)
    return refused('task.resource_not_granted', 'nothing was granted at this resource')
  const grant: ChildGrant = {
    ...got,
    delegatesAsked: ticket.delegates !== undefined,
    budget,
    person,
    bases: standsOn(got, bases, parent.catalog.kindOf),
    place: parent.place,
    views,
    issuing,
  }
  return unlessAsked(grant, people, parent.catalog)
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
  const handedOn = { calls: [parent.mayHandOn], delegates: [parent.mayHandOn] }
  const own = { parent: parent.mayHandOn, bases: handedOn }
  if (isNothing(asked, authorityWithin(asked, agent, own, kindOf)))
    return refused('task.beyond_parent', 'the parent may hand on nothing of it any more')
  const limits = { ...own, bases: allLimits(handedOn, basisLimits(bases)) }
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
  parts: GrantParts,
  personId: string,
  agentId: string,
): Promise<Basis[]> {
  const now = parts.clock.now()
  const bases = await basesFor(parts.storage.read, { personId, agentId, now })
  return bases.filter(({ kind }) => kind === 'admin')
}

export async function beginning(
  parts: GrantParts,
  { brought, held, ticket }: Redeeming,
  grant: ChildGrant,
  planned: Pick<NewTask, 'id' | 'approvedUntil'> = {},
): Promise<TaskLineage> {
  const { task: parent } = held
  const task = await newTask(parts, {
    ...planned,
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
async function notOpen(parts: GrantParts, line: TaskLineage['above']): Promise<Refused> {
  for (const { id } of line) {
    const task = await findTask(parts.storage.read, id)
    if (task?.state === 'suspended') return refused('task.suspended', 'a task above is suspended')
  }
  return refusedBy(LINE_STEP)
}
