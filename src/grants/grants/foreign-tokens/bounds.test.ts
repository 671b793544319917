import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ORDERS, refund, worldsOver } from '../../../calls/calls/testing.ts'
import { findIssuer } from '../../../identity/issuers/index.ts'
import type { IssuerDescription } from '../../../identity/issuers/read-issuer.ts'
import { findPersonBySubject } from '../../../identity/people/index.ts'
import { HOUR } from '../../../platform/lib/time-units.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { latestSet, publishPolicies } from '../../../policy/policy/index.ts'
import { openTask } from '../openings/open-task.ts'
import { only, permitAll, refundsUpTo } from '../openings/testing.ts'
import { assertedWorld, outcomeOf, tokenWorld } from './testing.ts'

const NO_ISSUING =
  '@id("none") forbid (principal is Person, action == Action::"issue:access_token:token_exchange", resource);'

forEachEngine('whom and what a trusted issuer may bring', (open) => {
  const worlds = worldsOver(open)

  async function tokens(t: TestContext, over: Partial<IssuerDescription> = {}) {
    const made = await tokenWorld(t, await worlds.own(t), over)
    const { parts, world } = made
    const known = (sub: string) =>
      findPersonBySubject(parts.storage.read, world.provider.issuer, sub)
    const comes = async (sub: string, more: object = {}) =>
      made.reason(await made.token({ sub, ...more }))
    return { ...made, known, comes }
  }

  test('nobody becomes a person by a token that opens nothing', async (t) => {
    const { comes, known, parts, set } = await tokens(t)
    const text = (await latestSet(parts.storage.read))?.text ?? ''
    const publish = (rules: string) =>
      publishPolicies(parts, { text: rules, by: 'x', note: 'test' })
    assert.equal(await comes('kim', { scope: undefined }), 'task.beyond_ceiling')
    assert.equal(await comes('kim', { scope: 'unknown.thing' }), 'task.beyond_ceiling')
    assert.equal(await comes('kim', { client_id: 'stranger' }), 'agent.quarantined')
    assert.equal(
      await comes('kim', { act: { iss: 'https://x.example', sub: 'x' } }),
      'actor.not_trusted',
    )
    await publish(`${text}\n${NO_ISSUING}`)
    assert.equal(await comes('kim'), 'issuance.forbidden')
    await publish(text)
    await set({ ceiling: [only('orders.list')] })
    assert.equal(await comes('kim'), 'task.beyond_ceiling')
    await set({ ceiling: null })
    assert.equal(await known('kim'), undefined)
    // Policies permit nobody's call who is in no group; but now there is somebody.
    assert.equal(await comes('kim'), 'person.not_permitted')
    const kim = await known('kim')
    assert.deepEqual([kim?.groups, kim?.name], [[], 'kim'])
    const created = (await parts.recorded()).filter(({ type }) => type === 'person.created')
    assert.ok(
      created.some(
        ({ facts, person }) => person === kim?.id && Object(facts).brought_by === 'house',
      ),
    )
  })

  test('so many people and no more, whoever is known goes on, and the books say so', async (t) => {
    const { comes, known, parts, set, token, reason } = await tokens(t, { mostPeople: 2 })
    const came = 'person.not_permitted'
    assert.deepEqual([await comes('a'), await comes('b')], [came, came])
    assert.equal(await comes('c'), 'issuer.people_full')
    assert.equal(await known('c'), undefined)
    assert.equal(await comes('a'), came)
    assert.equal(await reason(await token()), 'permit', 'Sam was here before')
    const last = (await parts.recorded()).findLast(
      ({ reason: why }) => why === 'issuer.people_full',
    )
    assert.equal(last?.type, 'refusals.noticed')
    await set({ mostPeople: 3 })
    // All at once for the last place: one has it.
    const all = await Promise.all(Array.from({ length: 8 }, (_, i) => comes(`last-${i}`)))
    assert.deepEqual(all.toSorted(), [...Array(7).fill('issuer.people_full'), came])
    assert.equal((await findIssuer(parts.storage.read, 'house'))?.brought, 3)
  })

  test('so many in an hour', async (t) => {
    const { comes, parts, set } = await tokens(t, { peopleAnHour: 2 })
    const came = 'person.not_permitted'
    assert.deepEqual([await comes('a'), await comes('b')], [came, came])
    assert.equal(await comes('c'), 'issuer.people_too_fast')
    parts.clock.advance(HOUR - 1000)
    assert.equal(await comes('c'), 'issuer.people_too_fast')
    parts.clock.advance(1000)
    assert.deepEqual([await comes('c'), await comes('d')], [came, came])
    assert.equal(await comes('e'), 'issuer.people_too_fast')
    parts.clock.advance(HOUR)
    await set({ peopleAnHour: 0 })
    assert.equal(await comes('e'), 'issuer.people_too_fast')
  })

  test('the same of assertions that admit', async (t) => {
    const people = { provider: 'https://people.example', admits: true }
    const made = await assertedWorld(t, await worlds.own(t), {
      ...{ people, mostPeople: 1, ceiling: [only('orders.read'), only('orders.list')] },
    })
    const { jag, opening, parts } = made
    const comes = async (sub: string, more: object = {}) => {
      const identity = await jag({ sub, ...more })
      return outcomeOf(await openTask(parts, 'assertion', await opening({ identity })))
    }
    const known = (sub: string) =>
      findPersonBySubject(parts.storage.read, 'https://people.example', sub)
    assert.equal(await comes('kim', { scope: 'chat.read' }), 'task.nothing_requested')
    const away = { act: { iss: 'https://c.example', sub: 'x' } }
    assert.equal(await comes('kim', away), 'actor.not_trusted')
    assert.equal(
      await comes('kim', { scope: 'orders.refund', resource: 'https://x' }),
      'grant.not_accepted',
    )
    assert.equal(await comes('kim', { scope: 'orders.refund' }), 'task.beyond_ceiling')
    assert.equal(await known('kim'), undefined)
    assert.equal(await comes('kim'), 'opened')
    assert.equal(await comes('lee'), 'issuer.people_full')
    assert.equal(await known('lee'), undefined)
    assert.equal(await comes('kim'), 'opened')
    const last = (await parts.recorded()).findLast(({ reason }) => reason === 'issuer.people_full')
    assert.deepEqual([last?.type, last?.agent, last?.person], ['task.refused', 'desk', undefined])
  })

  const RULES = [
    { type: 'remit_call' },
    {
      type: 'refunding',
      when: [{ claim: '/amount/currency', equals: 'EUR' }],
      at: ORDERS,
      actions: ['orders.refund'],
      bounds: [
        { path: '/amount', op: 'lte', from: '/amount/most' },
        { path: '/order_id', op: 'in', from: 'orders' },
      ],
      ignores: ['note', '/amount/display'],
    },
  ]
  const REFUNDING = {
    type: 'refunding',
    amount: { currency: 'EUR', most: '40.00', display: { text: '40 €' } },
    orders: ['1042', '1043'],
    note: 'x',
  }

  test('what their details are here is said by rules, and what no rule thought of grants nothing', async (t) => {
    const world = await worlds.own(t)
    const access = { provider: world.provider.issuer, details: RULES }
    const { parts, reason, tasks, token } = await tokenWorld(t, world, { access })
    await permitAll(world, world.sam)
    const granted = async (...details: readonly unknown[]) => {
      const why = await reason(
        await token({ scope: undefined, authorization_details: details }),
        refund('12.00'),
      )
      const all = (await tasks()).toSorted((a, b) => b.openedAt - a.openedAt)
      return [why, all.length] as const
    }
    assert.deepEqual(await granted(REFUNDING), ['permit', 1])
    const [task] = await tasks()
    assert.deepEqual(task?.details, [
      {
        ...only('orders.refund'),
        bounds: [
          { path: '/amount', op: 'lte', value: '40.00' },
          { path: '/order_id', op: 'in', value: ['1042', '1043'] },
        ],
      },
    ])
    const { amount } = REFUNDING
    assert.equal(
      (await granted({ ...REFUNDING, amount: { ...amount, most: 11 } }))[0],
      'task.not_covered',
    )
    assert.equal((await granted({ ...REFUNDING, orders: ['7'] }))[0], 'task.not_covered')
    assert.equal((await granted({ ...REFUNDING, amount: { ...amount, most: 40.5 } }))[0], 'permit')
    assert.equal((await granted(refundsUpTo('20.00')))[0], 'permit')
    const before = (await tasks()).length
    const nothing: Record<string, unknown> = {
      'a type nobody speaks of': { ...REFUNDING, type: 'paying' },
      'a condition that does not hold': { ...REFUNDING, amount: { ...amount, currency: 'USD' } },
      'no amount': { ...REFUNDING, amount: { currency: 'EUR' } },
      'an amount that is none': { ...REFUNDING, amount: { ...amount, most: 'much' } },
      'an amount that no number is exactly': {
        ...REFUNDING,
        amount: { ...amount, most: 0.1234567 },
      },
      'a list where one is meant': { ...REFUNDING, amount: { ...amount, most: ['40.00'] } },
      'no orders': { ...REFUNDING, orders: [] },
      'an order that is an object': { ...REFUNDING, orders: [{ id: '1042' }] },
      'a member that nobody thought of': { ...REFUNDING, until: '2026-01-01' },
      'one inside': { ...REFUNDING, amount: { ...amount, least: '1.00' } },
      'one of ours with a mistake': { ...refundsUpTo('20.00'), extra: 1 },
      'one of ours at another place': {
        ...only('orders.refund'),
        locations: ['https://x.example'],
      },
    }
    for (const [name, detail] of Object.entries(nothing))
      assert.equal((await granted(detail))[0], 'task.beyond_ceiling', name)
    assert.equal((await granted('x'))[0], 'token.malformed')
    assert.equal((await tasks()).length, before)
    const stored = await findIssuer(parts.storage.read, 'house')
    assert.equal(stored?.access?.details.length, 2)
  })

  test('who acts may be said by the token, one agent for each, with the chain behind it', async (t) => {
    const world = await worlds.own(t)
    const access = { provider: world.provider.issuer, actor: 'act' }
    const ceiling = [only('orders.read')]
    const admit = { trust: 2, ceiling, owner: world.ada.id }
    const rules = [{ name: 'desks', when: [{ claim: '/act/sub', prefix: 'desk/' }], admit }]
    const { reason, server, tasks, token } = await tokenWorld(t, world, { access, rules })
    await permitAll(world, world.sam)
    const act = (sub: string, more: object = {}) => ({ iss: server.issuer, sub, ...more })
    const comes = async (said: object | undefined) => reason(await token({ act: said }))
    assert.equal(await comes(act('desk/1', { act: act('planner') })), 'permit')
    const agents = async () => new Set((await tasks()).map(({ agentId }) => agentId)).size
    const [first] = await tasks()
    assert.deepEqual(first?.actors, [act('desk/1'), act('planner')])
    assert.equal(await comes(act('desk/2')), 'permit')
    assert.equal(await comes(act('desk/1')), 'permit')
    assert.equal(await agents(), 2)
    assert.equal(await comes(act('other')), 'agent.quarantined')
    assert.equal(await comes({ iss: 'https://c.example', sub: 'desk/1' }), 'issuer.not_trusted')
    assert.equal(await comes({ sub: 'desk/1' }), 'issuer.not_trusted')
    assert.equal(await comes(undefined), 'agent.quarantined', 'the client is an agent of its own')
  })
})
