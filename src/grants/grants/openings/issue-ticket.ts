import { asCalls, contains, detailInWords } from '@remit/engine'
import type { CatalogView } from '../../../catalog/catalog/index.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { MAX_CHAIN, type MintedToken, mintTicket } from '../../../identity/tokens/index.ts'
import { minting, tokenSubject } from '../../../tasks/facts/index.ts'
import {
  checkPurpose,
  hasRoomForChild,
  type Task,
  type TaskLineage,
  TREE_LIMITS,
} from '../../../tasks/tasks/index.ts'
import {
  type AuthorityRequest,
  aboutTask,
  asRefused,
  checkSettled,
  type GrantRefusal,
  isRefused,
  problemFor,
  readAskedAuthority,
  readLife,
  readLimits,
  refused,
} from '../../issuance/index.ts'
import type { WantedTask } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { withinPlace } from '../pipeline/requested-space.ts'
import { type Parent, readParent } from './parent.ts'

/** Request of a task for a ticket, for another agent. */
export interface TicketRequest extends Omit<WantedTask, 'scope' | 'thread'> {
  /** The agent that is to do it. */
  readonly agent: string
}

/** Number of details of what may be handed on that a refusal names. */
const MAX_TOLD = 5

/**
 * Makes a ticket for a child of this task (contract 5.4). Everything is asked here already, so that the parent learns what
 * it may not hand on; when the ticket is redeemed, everything is asked again. A refusal is recorded.
 * @throws Problem `task.beyond_parent`, `task.too_deep`, `task.too_many_children`, `agent.unknown`, `agent.…`, `task.…`
 */
export async function issueTicket(
  parts: GrantParts,
  task: Task,
  asked: TicketRequest,
): Promise<MintedToken> {
  parts.disk?.requireRoom()
  const held = await parts.facts.task(task.id)
  if (!held) throw new Error(`task ${task.id} has no row`)
  const found = await findTicket(parts, held, asked).catch(asRefused)
  if (!isRefused(found)) return found
  const { reason } = found
  const { agentId, id } = held.task
  const recorded = parts.ledger.refusals.admits({ task: id, agent: agentId, reason })
  const steps = [
    parts.ledger.appendStep({
      ...aboutTask(held),
      type: 'ticket.refused',
      outcome: 'refused',
      reason,
      facts: { for: asked.agent },
    }),
  ]
  if (recorded) await parts.storage.commit(steps)
  throw problemFor(found)
}

async function findTicket(
  parts: GrantParts,
  held: TaskLineage,
  wanted: TicketRequest,
): Promise<MintedToken | GrantRefusal> {
  checkPurpose(wanted.purpose)
  const badLife = readLife(wanted.lifeSeconds)
  if (badLife) return badLife
  const agent = await findAgent(parts.storage.read, wanted.agent)
  if (!agent) return refused('agent.unknown', 'there is no such agent')
  if (held.chain.length + held.task.actors.length >= MAX_CHAIN)
    return refused('task.too_deep', `a chain has ${MAX_CHAIN} agents at most`)
  const parent = await readParent(parts, held, {
    child: agent,
    issuers: agent.issuer === null ? [] : [agent.issuer],
    space: wanted.space,
  })
  if (isRefused(parent)) return parent
  const whole = await readTicket(parts, wanted, parent.catalog)
  if (isRefused(whole)) return whole
  const asked = withinPlace(whole, parent.where, parent.catalog.kindOf)
  if (isRefused(asked)) return asked
  const beyond = beyondParent(asked, parent)
  if (beyond) return beyond
  if (!(await hasRoomForChild(parts.storage.read, held.task)))
    return refused(
      'task.too_many_children',
      `a task has at most ${TREE_LIMITS.children} children that are not closed, and a tree ${TREE_LIMITS.tree} tasks`,
    )
  const ticket = await mintTicket(minting(parts), {
    sub: tokenSubject(parts, held, undefined),
    agent: agent.id,
    task: { parent: held.task.id, purpose: wanted.purpose },
    details: asked.calls,
    delegates: asked.delegates,
    budget: wanted.budget,
    lifeSeconds: wanted.lifeSeconds,
    space: wanted.space,
    notAfter: held.task.deadline,
  })
  await recordTicket(parts, held, { ticket, agentId: agent.id, asked })
  if (await parts.live.stillHold(parent.views)) return ticket
  return refused('task.overtaken', 'something changed while the ticket was made; ask again')
}

/** Strictly read; what it asks for is not empty. */
async function readTicket(
  parts: Pick<GrantParts, 'storage'>,
  wanted: TicketRequest,
  catalog: CatalogView,
): Promise<AuthorityRequest | GrantRefusal> {
  const budget = readLimits(wanted.budget, catalog)
  if (isRefused(budget)) return budget
  const unsettled = await checkSettled(parts, budget)
  if (unsettled) return unsettled
  const asked = readAskedAuthority({ details: wanted.details }, catalog)
  if (isRefused(asked)) return asked
  if (asked === undefined || [...asked.calls, ...(asked.delegates ?? [])].length === 0)
    return refused('task.nothing_requested', 'send `authorization_details`')
  return asked
}

/** `asked ⊆ parent`, both lists (contract 2). Names what would be enough: it is the parent's own. */
function beyondParent(
  { calls, delegates = [] }: AuthorityRequest,
  { catalog, mayHandOn: limit }: Parent,
): GrantRefusal | undefined {
  if (contains(limit, [...calls, ...delegates], catalog.kindOf)) return undefined
  const told = asCalls(limit).slice(0, MAX_TOLD).map(detailInWords).join('; or ')
  const more = limit.length > MAX_TOLD ? ' and more' : ''
  const enough = limit.length === 0 ? 'nothing at all' : `at most: ${told}${more}`
  return refused('task.beyond_parent', `the task may delegate ${enough}`)
}

async function recordTicket(
  parts: Pick<GrantParts, 'ledger' | 'live' | 'storage'>,
  held: TaskLineage,
  given: { ticket: MintedToken; agentId: string; asked: AuthorityRequest },
): Promise<void> {
  const { calls, delegates } = given.asked
  await parts.live.commit(parts.storage, [
    parts.ledger.appendStep({
      ...aboutTask(held),
      type: 'ticket.issued',
      tokenId: given.ticket.id,
      facts: { for: given.agentId, details: calls, may_delegate: delegates },
    }),
  ])
}
