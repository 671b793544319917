import type { Detail } from '@remit/engine'
import {
  ALL_OF_ORDERS,
  type HeldTask,
  newKey,
  REFUND_DESK,
  type TestKey,
  TOKEN_URL,
  type World,
} from '../../../calls/calls/testing.ts'
import { findAgent, registerAgent } from '../../../identity/agents/index.ts'
import type { MintedToken } from '../../../identity/tokens/index.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import type { Sponsorship } from '../../../tasks/sponsorship/grant-sponsorship.ts'
import { grantSponsorship, type SponsorGrant } from '../../../tasks/sponsorship/index.ts'
import type { ChildOpening, OpeningAnswer, SponsoredOpening } from '../opening.ts'
import { issueTicket, type TicketRequest } from './issue-ticket.ts'
import { openTask } from './open-task.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export const only = (...actions: string[]): Detail => ({ ...ALL_OF_ORDERS, actions })
export const handOn = (...actions: string[]): Detail => ({
  ...only(...actions),
  type: 'remit_delegate',
})
export const refundsUpTo = (value: string, order?: string): Detail => ({
  ...only('orders.refund'),
  bounds: [
    { path: '/amount', op: 'lte', value },
    ...(order === undefined ? [] : [{ path: '/order_id', op: 'eq' as const, value: order }]),
  ],
})

export const reasonOf = (answer: OpeningAnswer) =>
  answer.outcome === 'refused' ? answer.reason : answer.outcome

/** An agent other than refund-bot. */
export interface TestAgent {
  readonly id: string
  readonly key: TestKey
}

export function refundBot(world: World): TestAgent {
  return { id: 'refund-bot', key: world.agentKey }
}

export async function addAgent(
  world: World,
  name: string,
  over: { ceiling?: readonly Detail[]; mayDelegate?: readonly Detail[]; trust?: number } = {},
): Promise<TestAgent> {
  const { ceiling = [ALL_OF_ORDERS], mayDelegate, trust = 3 } = over
  const key = newKey()
  await registerAgent(world.parts, {
    name,
    description: '',
    ownerId: world.ada.id,
    trust,
    ceiling,
    ...(mayDelegate ? { mayDelegate } : {}),
    keys: [key.jwk],
    by: 'operator',
  })
  return { id: name, key }
}

const AGENTS = '@id("agents") permit (principal is Agent, action, resource);'

/** Policies under which every agent may do what its task covers, and so may these people. */
export async function permitAll(world: World, ...people: readonly { readonly id: string }[]) {
  const permits = people.map(
    ({ id }, i) => `@id("person-${i}") permit (principal == Person::"${id}", action, resource);`,
  )
  await publishPolicies(world.parts, {
    text: [REFUND_DESK, AGENTS, ...permits].join('\n'),
    by: 'operator',
    note: 'test',
  })
}

/** Ticket that a task asks for, for another agent. */
export function ticketFor(
  world: World,
  parent: HeldTask,
  asked: Pick<TicketRequest, 'agent'> & Partial<TicketRequest>,
): Promise<MintedToken> {
  return issueTicket(world.parts, parent.opened.task, {
    details: [only('orders.read')],
    purpose: 'look at the order',
    ...asked,
  })
}

export function redemption(
  world: World,
  agent: TestAgent,
  ticket: string,
  key: TestKey = newKey(),
): ChildOpening {
  return {
    ...presented(world, agent, key),
    ticket,
  }
}

function presented(world: World, agent: TestAgent, key: TestKey) {
  return {
    assertion: world.assertion({ iss: agent.id, sub: agent.id }, agent.key),
    assertionType: JWT_BEARER,
    proof: world.proof(key, { method: 'POST', url: TOKEN_URL }),
    method: 'POST',
    url: TOKEN_URL,
    origin: { ip: '192.0.2.7' },
  }
}

export function redeem(
  world: World,
  agent: TestAgent,
  ticket: string,
  key: TestKey = newKey(),
): Promise<OpeningAnswer> {
  return openTask(world.parts, 'ticket', redemption(world, agent, ticket, key))
}

/** A child, opened. */
export async function child(
  world: World,
  parent: HeldTask,
  agent: TestAgent,
  asked: Partial<TicketRequest> = {},
): Promise<HeldTask> {
  const key = newKey()
  const { token } = await ticketFor(world, parent, { ...asked, agent: agent.id })
  const opened = await redeem(world, agent, token, key)
  if (opened.outcome !== 'opened') throw new Error(JSON.stringify(opened))
  return { opened, key }
}

/** Ada sponsors an agent of hers: reading, as often as it likes. */
export async function sponsored(
  world: World,
  agent: TestAgent,
  over: Partial<Sponsorship> = {},
): Promise<SponsorGrant> {
  const { parts, ada } = world
  const found = await findAgent(parts.storage.read, agent.id)
  if (!found) throw new Error('no such agent')
  const { kindOf } = await parts.catalog.current()
  return grantSponsorship(
    parts,
    {
      agent: found,
      sponsor: ada,
      purpose: 'nightly count of orders',
      details: [only('orders.read', 'orders.list')],
      rate: { tasks: 100, seconds: 60 },
      expiresAt: parts.clock.now() + 30 * 24 * 3_600_000,
      ...over,
    },
    kindOf,
  )
}

export function beginAlone(
  world: World,
  agent: TestAgent,
  over: Partial<SponsoredOpening> = {},
  key: TestKey = newKey(),
): Promise<OpeningAnswer> {
  return openTask(world.parts, 'client_credentials', { ...presented(world, agent, key), ...over })
}

export async function alone(
  world: World,
  agent: TestAgent,
  over: Partial<SponsoredOpening> = {},
): Promise<HeldTask> {
  const key = newKey()
  const opened = await beginAlone(world, agent, over, key)
  if (opened.outcome !== 'opened') throw new Error(JSON.stringify(opened))
  return { opened, key }
}
