import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  ALL_OF_ORDERS,
  GATEWAY,
  newKey,
  ORDERS,
  READ,
  REFUND_DESK,
  type World,
  worldsOver,
} from '../../calls/calls/testing.ts'
import { planImport } from '../../catalog/catalog/testing.ts'
import { applyImport } from '../../catalog/catalog-changes/index.ts'
import { setCeiling } from '../../identity/agents/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { askDirectly } from '../grants/deferral/ask-directly.ts'
import { beginDevice, claimDevice } from '../grants/deferral/device.ts'
import { DeferralWorld } from '../grants/deferral/testing.ts'
import { openTask } from '../grants/openings/open-task.ts'
import {
  addAgent,
  alone,
  beginAlone,
  child,
  only,
  reasonOf,
  redeem,
  refundBot,
  sponsored,
  ticketFor,
} from '../grants/openings/testing.ts'
import { issueResourceToken } from './issue-resource-token.ts'

const AGENTS = '@id("agents") permit (principal is Agent, action, resource);'
const EVERYONE = '@id("everyone") permit (principal, action, resource);'

const THINGS = `${GATEWAY}/things`

function planThings() {
  return planImport(
    {
      openapi: '3.1.0',
      info: { title: 'Things', version: '1' },
      servers: [{ url: 'http://127.0.0.1:1' }],
      paths: { '/things': { post: { 'x-remit-action': 'do' } } },
    },
    { name: 'things', identifier: THINGS },
  )
}

/** Policies that permit every call, and then what is said. */
function publish(world: World, ...rules: readonly string[]) {
  const text = [REFUND_DESK, AGENTS, EVERYONE, ...rules].join('\n')
  return publishPolicies(world.parts, { text, by: 'operator', note: 'test' })
}

function forbids(action: string, rest = 'principal', condition = ''): string {
  return `@id("no-${action.replaceAll(/\W/g, '-')}") forbid (${rest}, action ${action.includes(':') ? '==' : 'in'} Action::"${action}", resource) ${condition};`
}

forEachEngine('policies gate what Remit itself issues', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const opening = async (over: Parameters<World['opening']>[1] = {}) =>
      openTask(world.parts, 'token_exchange', await world.opening(newKey(), over))
    return { world, opening }
  }
  const outcome = (answer: { readonly outcome: string; readonly reason?: string }) =>
    answer.reason ?? answer.outcome

  test('opening for a person, with or without a resource, and only that', async (t) => {
    const { world, opening } = await begin(t)
    const bot = refundBot(world)
    await sponsored(world, bot)
    await publish(world, forbids('issue:access_token:token_exchange'))
    assert.equal(outcome(await opening()), 'issuance.forbidden')
    assert.equal(outcome(await opening({ resource: ORDERS })), 'issuance.forbidden')
    assert.equal(reasonOf(await beginAlone(world, bot)), 'opened')
    await publish(world)
    assert.equal(outcome(await opening()), 'opened')
  })

  test('a refused opening leaves the subject token and the key as they were', async (t) => {
    const { world } = await begin(t)
    const key = newKey()
    const asked = await world.opening(key)
    await publish(world, forbids('issue'))
    assert.equal(
      outcome(await openTask(world.parts, 'token_exchange', asked)),
      'issuance.forbidden',
    )
    await publish(world)
    const proof = world.proof(key, { method: 'POST', url: asked.url })
    assert.equal(
      outcome(await openTask(world.parts, 'token_exchange', { ...asked, proof })),
      'opened',
    )
  })

  test('the exchange of a task token, also of a task that was open before', async (t) => {
    const { world } = await begin(t)
    const held = await world.open()
    await publish(world, forbids('issue:access_token:token_exchange', 'principal is Person'))
    const refused = await issueResourceToken(world.parts, world.exchange(held))
    assert.equal(outcome(refused), 'issuance.forbidden')
    await publish(world, forbids('issue:access_token:jwt_bearer'))
    assert.equal(outcome(await issueResourceToken(world.parts, world.exchange(held))), 'issued')
  })

  test('work with no person present', async (t) => {
    const { world, opening } = await begin(t)
    const bot = refundBot(world)
    await sponsored(world, bot)
    await publish(world, forbids('issue:access_token:client_credentials'))
    assert.equal(reasonOf(await beginAlone(world, bot)), 'issuance.forbidden')
    assert.equal(reasonOf(await beginAlone(world, bot, { resource: ORDERS })), 'issuance.forbidden')
    assert.equal(outcome(await opening()), 'opened')
    // Of the two, only the sponsor is a person.
    await publish(world, forbids('issue', 'principal is Person', 'unless { context has person }'))
    assert.equal(reasonOf(await beginAlone(world, bot)), 'issuance.forbidden')
    assert.equal(outcome(await opening()), 'opened')
  })

  test('a child, by its own agent or any above it', async (t) => {
    const { world } = await begin(t)
    const helper = await addAgent(world, 'helper')
    const parent = await world.open()
    const ticket = async () => (await ticketFor(world, parent, { agent: helper.id })).token
    for (const name of ['helper', 'refund-bot']) {
      const about = `principal == Agent::"${name}"`
      await publish(world, forbids('issue:access_token:jwt_bearer', about))
      assert.equal(reasonOf(await redeem(world, helper, await ticket())), 'issuance.forbidden')
    }
    await publish(world, forbids('issue:access_token:token_exchange'))
    assert.equal(reasonOf(await redeem(world, helper, await ticket())), 'opened')
  })

  test('what was put off: an exchange, a question of the agent’s own, a device', async (t) => {
    const { world } = await begin(t)
    const { parts, sam } = world
    const waiting = await DeferralWorld.in(world)
    const asked = { details: [only('orders.read')], purpose: 'look at orders' }
    const direct = async () =>
      askDirectly(parts, {
        ...{ ...waiting.presented(), proof: undefined, ...asked },
        ...{ hint: { kind: 'login_hint', value: sam.id }, message: undefined, waits: 600 },
        notificationToken: undefined,
      })
    await publish(world, forbids('issue:access_token:ciba'))
    assert.equal(outcome(await direct()), 'issuance.forbidden', 'nobody is asked for nothing')
    const put = await waiting.deferred(asked)
    await waiting.answer('grant')
    await publish(world, forbids('issue:access_token:token_exchange'))
    assert.equal(outcome(await waiting.poll(put.code)), 'deferral.denied')
    assert.equal(outcome(await direct()), 'asked')
    const begun = await beginDevice(parts, { ...waiting.presented(), proof: undefined, ...asked })
    assert.ok(begun.outcome === 'begun', outcome(begun))
    await publish(world, forbids('issue:access_token:device_code'))
    const typed = { person: sam, typed: begun.userCode }
    await assert.rejects(claimDevice(parts, typed), { code: 'issuance.forbidden' })
    await publish(world)
    await claimDevice(parts, typed)
  })

  test('one resource of several is left out of the task', async (t) => {
    const { world, opening } = await begin(t)
    const { parts } = world
    const revalidate = parts.policies.revalidate.bind(parts.policies)
    await applyImport({ ...parts, revalidate }, planThings(), 'operator')
    const things = { ...ALL_OF_ORDERS, locations: [THINGS], actions: ['things.do'] }
    const details = [only('orders.read'), things]
    await setCeiling(parts, { agentId: 'refund-bot', ceiling: details, by: 'operator' })
    await world.allow(details)
    const rule = `@id("r") forbid (principal, action in Action::"issue", resource == Resource::"orders");`
    await publish(world, rule)
    const answer = await opening({ details })
    assert.ok(answer.outcome === 'opened', outcome(answer))
    assert.deepEqual(answer.details, [things])
    assert.deepEqual(answer.task.details, [things])
    assert.equal(outcome(await opening({ details: [only('orders.read')] })), 'issuance.forbidden')
  })

  test('rules see person, agent, purpose, binding and origin', async (t) => {
    const { world, opening } = await begin(t)
    const hold = [
      'context.task.purpose == "refund order 1042"',
      'context.task.id == ""',
      'context.agent.trust == 3',
      'context has person && context.person in Group::"support"',
      'context.token.bound',
      'context.origin.ip == "192.0.2.7"',
      'context.risk.class == "low"',
    ]
    // Of arguments nothing is known, and nothing about an issuance is unusual.
    const never = [
      'context.task.purpose == "another"',
      'context.agent.owner == principal',
      'context has person && context.person in Group::"finance"',
      '!context.token.bound',
      'context.args has amount',
      'context.risk.score > 10',
      'context.risk.class == "high"',
    ]
    await publish(world, forbids('issue', 'principal', `when { ${hold.join(' && ')} }`))
    assert.equal(outcome(await opening()), 'issuance.forbidden')
    const rules = never.map((condition, i) =>
      forbids('issue', 'principal', `when { ${condition} }`).replace('"no-issue"', `"never-${i}"`),
    )
    await publish(world, ...rules)
    assert.equal(outcome(await opening()), 'opened')
  })

  test('a rule over everything is about issuing, too; one over calls is not', async (t) => {
    const { world, opening } = await begin(t)
    await publish(world, '@id("all") forbid (principal is Agent, action, resource);')
    assert.equal(outcome(await opening()), 'issuance.forbidden')
    await publish(
      world,
      '@id("calls") forbid (principal, action in [Action::"read", Action::"write"], resource);',
    )
    assert.equal(outcome(await opening()), 'opened')
    await publish(
      world,
      '@id("asks") @requestable("ask") @approvers("group:finance") forbid (principal, action, resource);',
    )
    assert.equal(outcome(await opening()), 'opened', 'people are asked about calls')
  })

  test('a rule that fails refuses, whatever it would have said', async (t) => {
    const { world, opening } = await begin(t)
    const fails = 'when { context.agent.trust + 9223372036854775807 > 0 }'
    await publish(world, forbids('issue', 'principal', fails))
    assert.equal(outcome(await opening()), 'policy.error')
    const held = await sponsored(world, refundBot(world)).then(() =>
      beginAlone(world, refundBot(world)),
    )
    assert.equal(reasonOf(held), 'policy.error')
  })

  test('no policy has to permit it, and without any nothing can be called all the same', async (t) => {
    const { world, opening } = await begin(t)
    await publishPolicies(world.parts, {
      text: '@id("nobody") permit (principal, action == Action::"orders.watch", resource);',
      by: 'operator',
      note: 'test',
    })
    assert.equal(outcome(await opening()), 'opened')
    const held = await world.open()
    const verdict = await world.decide(held, await world.token(held), READ)
    assert.equal(verdict.outcome, 'deny')
  })

  test('everything is allowed by default: alone, for a person, and as a child', async (t) => {
    const { world } = await begin(t)
    const helper = await addAgent(world, 'helper')
    await sponsored(world, refundBot(world), { details: [only('orders.read')] })
    await alone(world, refundBot(world))
    await child(world, await world.open(), helper)
  })
})
