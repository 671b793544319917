import { registerAgent } from '../src/identity/agents/index.ts'
import type { Clock } from '../src/platform/lib/clock.ts'
import { JWT_BEARER, type OpenTask, TestAgent } from './agent.ts'
import { newKey } from './signing.ts'
import type { Answer } from './wire.ts'
import type { PersonName, World } from './world.ts'

/** An agent beside refund-bot, for orders, that this person answers for. */
export async function addAgent(
  w: World,
  name: string,
  owner: PersonName,
  { clock = w.clock }: { readonly clock?: Clock } = {},
): Promise<TestAgent> {
  const key = await newKey()
  const { id: ownerId } = await w.person(owner)
  await registerAgent(
    { ...w.rooms.agents, clock },
    {
      name,
      description: '',
      ownerId,
      trust: 3,
      ceiling: [orders(w, 'orders.read', 'orders.list')],
      keys: [key.publicJwk],
      by: ownerId,
    },
  )
  return new TestAgent(w, name, key)
}

/** A detail without bounds, of the orders API. */
export function orders(w: World, ...actions: string[]) {
  return { type: 'remit_call', locations: [w.orders], actions, bounds: [] } as const
}

/** A child of a task of `parentAgent`, that may read orders (contract 5.4). Throws when it is refused. */
export async function spawn(
  w: World,
  [parentAgent, parent]: readonly [TestAgent, OpenTask],
  agent: TestAgent,
  over: object = {},
): Promise<OpenTask> {
  const asked = {
    agent: agent.id,
    purpose: 'look at the order',
    authorization_details: [orders(w, 'orders.read')],
    ...over,
  }
  const ticket = await parentAgent.about(parent, 'POST', '/children', {
    body: JSON.stringify(asked),
  })
  const key = await newKey()
  const answer = await agent.tokenRequest(key, {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    client_assertion_type: JWT_BEARER,
    client_assertion: await agent.assertion(),
    assertion: String(ticket.body.ticket),
  })
  if (answer.status !== 200) throw new Error(`no child: ${ticket.text} ${answer.text}`)
  return { id: String(answer.body.task_id), token: String(answer.body.access_token), key }
}

/** Asks for a task with no person present (contract 5.2). */
export async function askAlone(agent: TestAgent, sponsorGrant?: string): Promise<Answer> {
  return agent.tokenRequest(await newKey(), {
    grant_type: 'client_credentials',
    client_assertion_type: JWT_BEARER,
    client_assertion: await agent.assertion(),
    sponsor_grant: sponsorGrant,
  })
}
