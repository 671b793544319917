import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bound, Detail } from '@remit/engine'
import fc from 'fast-check'
import { type HeldTask, ISSUER, newKey, World } from '../../src/calls/calls/testing.ts'
import {
  addAgent,
  handOn,
  only,
  redeem,
  refundBot,
  refundsUpTo,
  type TestAgent,
  ticketFor,
} from '../../src/grants/grants/openings/testing.ts'
import { checkTaskToken, mintTicket } from '../../src/identity/tokens/index.ts'
import type { ActClaim } from '../../src/identity/tokens/parties.ts'
import { Problem } from '../../src/platform/lib/problem.ts'
import type { Storage } from '../../src/platform/storage/index.ts'
import { forEachEngine } from '../../src/platform/storage/testing.ts'
import { minting } from '../../src/tasks/facts/minting.ts'
import { closeTask, resumeTask, suspendTask } from '../../src/tasks/tasks/index.ts'

/**
 * Random trees of tasks: agents ask for children with what they like, also with tickets that nobody should have made, several at
 * once, while tasks are closed, suspended and resumed. A model that knows nothing but the rules says what must hold.
 */
const ACTIONS = ['orders.list', 'orders.read', 'orders.refund'] as const
const ORDERS = ['1042', '1043'] as const
const AMOUNTS = ['5.00', '20.00', '75.00'] as const
const MINUTE = 60_000

interface Stage {
  readonly world: World
  readonly agents: readonly TestAgent[]
}

async function stageOver(storage: Storage): Promise<Stage> {
  const world = await World.over(storage)
  const agents = [
    refundBot(world),
    await addAgent(world, 'boss-bot', {
      ceiling: [only('orders.list')],
      mayDelegate: [handOn(...ACTIONS)],
    }),
    await addAgent(world, 'helper-bot'),
    await addAgent(world, 'payer-bot', {
      ceiling: [refundsUpTo('50.00'), only('orders.read')],
      mayDelegate: [{ ...refundsUpTo('10.00'), type: 'remit_delegate' }],
    }),
  ]
  return { world, agents }
}

interface Node {
  readonly held: HeldTask
  readonly parent: Node | undefined
  readonly chain: readonly string[]
  /** Details that the ticket or the opening asked for. */
  readonly asked: readonly Detail[]
  readonly limits: readonly string[]
  state: 'open' | 'suspended' | 'closed'
}

const bound: fc.Arbitrary<Bound> = fc.oneof(
  fc.record({
    path: fc.constant('/order_id'),
    op: fc.constant('eq' as const),
    value: fc.constantFrom(...ORDERS),
  }),
  fc.record({
    path: fc.constant('/amount'),
    op: fc.constant('lte' as const),
    value: fc.constantFrom(...AMOUNTS),
  }),
)

const authority: fc.Arbitrary<Detail> = fc
  .record({
    delegate: fc.boolean(),
    action: fc.constantFrom(...ACTIONS),
    bounds: fc.array(bound, { maxLength: 2 }),
  })
  .map(({ delegate, action, bounds }) => ({
    ...(delegate ? handOn(action) : only(action)),
    bounds: bounds.filter(({ path }) => fitsTo(action, path)),
  }))

function fitsTo(action: string, path: string): boolean {
  return path === '/order_id' ? action !== 'orders.list' : action === 'orders.refund'
}

interface Spawn {
  readonly act: 'spawn'
  readonly of: number
  readonly agent: number
  readonly details: readonly Detail[]
  readonly minutes: number
  readonly budget: boolean
  /** Mark of a ticket that was made without asking anyone. */
  readonly forged: boolean
}

const spawn: fc.Arbitrary<Spawn> = fc.record({
  act: fc.constant('spawn' as const),
  of: fc.nat(),
  agent: fc.nat(),
  details: fc.array(authority, { minLength: 1, maxLength: 4 }),
  minutes: fc.integer({ min: 1, max: 120 }),
  budget: fc.boolean(),
  forged: fc.boolean(),
})

const change: fc.Arbitrary<Change> = fc.record({
  act: fc.constantFrom('close' as const, 'suspend' as const, 'resume' as const),
  of: fc.nat(),
})

interface Change {
  readonly act: 'close' | 'suspend' | 'resume'
  readonly of: number
}
type Step = Spawn | Change

/** Events that happen at once. */
const step: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { arbitrary: fc.array(spawn, { minLength: 1, maxLength: 4 }), weight: 4 },
  { arbitrary: fc.tuple(change), weight: 1 },
  { arbitrary: fc.tuple(spawn, change, spawn), weight: 1 },
)

/** Lists the calls that a list covers, of all there are here: told without the algebra. */
function covered(list: readonly Detail[]): Set<string> {
  const calls = ACTIONS.flatMap((action) =>
    ORDERS.flatMap((order) => AMOUNTS.map((amount) => ({ action, order, amount }))),
  )
  const holds = ({ action, order, amount }: (typeof calls)[number], { path, value }: Bound) => {
    if (!fitsTo(action, path)) return false
    return path === '/order_id' ? order === value : Number(amount) <= Number(value)
  }
  return new Set(
    calls
      .filter((call) =>
        list.some(
          ({ actions, bounds }) =>
            actions.includes(call.action) && bounds.every((one) => holds(call, one)),
        ),
      )
      .map((call) => JSON.stringify(call)),
  )
}

function isWithin(inner: readonly Detail[], outer: readonly Detail[]): boolean {
  const all = covered(outer)
  return [...covered(inner)].every((call) => all.has(call))
}

function pick<T>(list: readonly T[], index: number): T {
  const found = list[index % list.length]
  if (found === undefined) throw new Error('nothing to pick from')
  return found
}

async function ticketOf(
  world: World,
  parent: HeldTask,
  agent: TestAgent,
  asked: Spawn,
): Promise<string> {
  const budget = asked.budget ? [{ limit: 'calls', max: 3 }] : undefined
  const lifeSeconds = asked.minutes * 60
  const purpose = 'a part of it'
  if (!asked.forged) {
    const details = asked.details
    const wanted = { agent: agent.id, details, purpose, budget, lifeSeconds }
    return (await ticketFor(world, parent, wanted)).token
  }
  const calls = asked.details.filter(({ type }) => type === 'remit_call')
  const delegates = asked.details.filter(({ type }) => type === 'remit_delegate')
  const { token } = await mintTicket(minting(world.parts), {
    sub: world.sam.id,
    agent: agent.id,
    task: { parent: parent.opened.task.id, purpose },
    details: calls,
    delegates: delegates.length > 0 ? delegates : undefined,
    budget,
    lifeSeconds,
    space: undefined,
    notAfter: parent.opened.task.deadline + MINUTE,
  })
  return token
}

async function run(
  { world, agents }: Stage,
  nodes: Node[],
  asked: Spawn,
): Promise<Node | undefined> {
  const parent = pick(nodes, asked.of)
  const agent = pick(agents, asked.agent)
  const key = newKey()
  try {
    const opened = await redeem(world, agent, await ticketOf(world, parent.held, agent, asked), key)
    if (opened.outcome !== 'opened') return undefined
    return {
      held: { opened, key },
      parent,
      chain: [agent.id, ...parent.chain],
      asked: asked.details,
      limits: asked.budget ? ['calls'] : [],
      state: 'open',
    }
  } catch (error) {
    // a ticket that is refused; whatever is no refusal is a failure
    if (error instanceof Problem && error.status < 500) return undefined
    throw error
  }
}

async function apply(world: World, nodes: readonly Node[], { act, of }: Change) {
  const node = pick(nodes, of)
  const about = { taskId: node.held.opened.task.id, by: 'operator', reason: 'test' }
  if (act === 'close') {
    await closeTask(world.parts, about)
    node.state = 'closed'
    return
  }
  if (node.state === 'closed') return
  try {
    await (act === 'suspend' ? suspendTask : resumeTask)(world.parts, about)
    node.state = act === 'suspend' ? 'suspended' : 'open'
  } catch (error) {
    // closed together with a task above
    assert.ok(error instanceof Problem && error.code === 'task.already_closed')
  }
}

function above(node: Node): Node[] {
  return node.parent ? [node.parent, ...above(node.parent)] : []
}

function actOf(chain: readonly string[]): ActClaim | undefined {
  return chain.reduceRight<ActClaim | undefined>(
    (act, sub) => ({ iss: ISSUER, sub, sub_profile: 'ai_agent', ...(act && { act }) }),
    undefined,
  )
}

/** Asserts what never changes about a child, against its parent and everyone above. */
async function checkChild(world: World, node: Node): Promise<void> {
  const { opened } = node.held
  const { task } = opened
  const own = { issuer: ISSUER, keys: world.parts.keys, clock: world.parts.clock }
  const claims = await checkTaskToken(opened.token.token, own)
  assert.deepEqual(claims.act, actOf(node.chain))
  assert.equal(claims.sub, world.sam.id)
  assert.ok(node.chain.length <= 5)
  assert.deepEqual(
    task.budget.map(({ name }) => name),
    node.limits,
  )
  for (const higher of above(node)) {
    const { task: over } = higher.held.opened
    assert.ok(isWithin(task.details, over.mayDelegate), 'does more than was handed on')
    assert.ok(isWithin(task.mayDelegate, over.mayDelegate), 'hands on more than was handed on')
    assert.ok(task.deadline <= over.deadline, 'outlasts what is above it')
    assert.ok(over.bases.every((basis) => task.bases.includes(basis)))
  }
  assert.ok(isWithin([...task.details], node.asked), 'does more than was asked for')
}

/** Asserts that live state and the model agree on who is alive. */
async function checkAlive(world: World, nodes: readonly Node[]): Promise<void> {
  const view = await world.parts.live.view(
    nodes.map(({ held }) => ({ kind: 'task', id: held.opened.task.id })),
  )
  const active = new Set(view.states.filter(({ state }) => state === 'active').map(({ id }) => id))
  for (const node of nodes) {
    const expected = [node, ...above(node)].every(({ state }) => state === 'open')
    assert.equal(active.has(node.held.opened.task.id), expected)
  }
}

forEachEngine('random trees of tasks', (open) => {
  test('X2: no child is ever more than its parent handed on, and nothing lives under what is dead', async (t) => {
    const storage = await open()
    const stage = await stageOver(storage)
    const { world } = stage
    t.after(() => world.end())
    let children = 0
    let deepest = 0
    const grow = async (details: readonly Detail[], steps: readonly (readonly Step[])[]) => {
      const asked = [only('orders.read'), ...details]
      const held = await world.open({ details: asked, lifeSeconds: 3_600 })
      const chain = ['refund-bot']
      const nodes: Node[] = [{ held, parent: undefined, chain, asked, limits: [], state: 'open' }]
      for (const together of steps) {
        const known = [...nodes]
        const done = await Promise.all(
          together.map((one) =>
            one.act === 'spawn' ? run(stage, known, one) : apply(world, known, one),
          ),
        )
        nodes.push(...done.filter((node) => node !== undefined))
        for (const node of nodes.slice(known.length)) await checkChild(world, node)
        await checkAlive(world, nodes)
      }
      children += nodes.length - 1
      deepest = Math.max(deepest, ...nodes.map((node) => node.chain.length))
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(authority, { minLength: 1, maxLength: 4 }),
        fc.array(step, { minLength: 2, maxLength: 7 }),
        grow,
      ),
      { numRuns: storage.engine === 'sqlite' ? 60 : 15 },
    )
    assert.ok(children > 15 && deepest >= 3, `only ${children} children, ${deepest} deep`)
  })
})
