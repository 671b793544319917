import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type ArgumentKind,
  type Call,
  covers,
  type Detail,
  type KindOf,
  type TypedValue,
} from '@remit/engine'
import fc from 'fast-check'
import { ALL_OF_ORDERS, ORDERS, READ, refund, worldsOver } from '../../../calls/calls/testing.ts'
import { setCeiling } from '../../../identity/agents/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { suggest } from './suggest.ts'
import { suggestDetails, withRoom } from './suggest-details.ts'
import { CallUsage } from './used.ts'

const KINDS: Readonly<Record<string, ArgumentKind>> = {
  '/id': 'string',
  '/amount': 'decimal',
  '/count': 'integer',
  '/to/city': 'string',
}
const kindOf: KindOf = (_location, _action, path) => KINDS[path]
const ACTIONS = ['a.read', 'a.write', 'a.send', 'a.never'] as const
const ALL: Detail = {
  type: 'remit_call',
  locations: ['https://a'],
  actions: [...ACTIONS],
  bounds: [],
}

describe('what would have been enough', () => {
  const decimal = fc.integer({ min: -500, max: 500_000 }).map((n) => (n / 100).toFixed(2))
  const value: Readonly<Record<string, fc.Arbitrary<TypedValue>>> = {
    id: fc.constantFrom('1', '2', 'x'.repeat(30)).map((text) => ({ kind: 'string', value: text })),
    amount: decimal.map((text) => ({ kind: 'decimal', text })),
    count: fc
      .integer({ min: -3, max: 2_000_000 })
      .map((n) => ({ kind: 'integer', text: String(n) })),
    to: fc.constantFrom('Bern', 'Rome').map((city) => ({
      kind: 'record',
      fields: new Map([['city', { kind: 'string', value: city } as const]]),
    })),
    untyped: fc.constant<TypedValue>({ kind: 'string', value: '?' }),
  }
  const call: fc.Arbitrary<Call> = fc
    .tuple(fc.constantFrom(...ACTIONS.slice(0, 3)), fc.record(value, { requiredKeys: ['id'] }))
    .map(([action, args]) => ({
      location: 'https://a',
      action,
      arguments: new Map(
        Object.entries(args).filter(
          (entry): entry is [string, TypedValue] => entry[1] !== undefined,
        ),
      ),
    }))
  const ceiling = fc.constantFrom<readonly Detail[]>(
    [ALL],
    [
      { ...ALL, bounds: [{ path: '/amount', op: 'lte', value: '1000.00' }] },
      { ...ALL, actions: ['a.read'] },
    ],
    [
      { ...ALL, actions: ['a.read', 'a.never'] },
      { ...ALL, actions: ['a.send'], bounds: [{ path: '/id', op: 'in', value: ['1', '2'] }] },
    ],
  )

  test('covers all that was used within the ceiling, and nothing that is outside of it or was not used', () => {
    fc.assert(
      fc.property(
        fc.array(call, { maxLength: 30 }),
        fc.array(call, { maxLength: 10 }),
        ceiling,
        (seen, others, within) => {
          const used = new CallUsage(kindOf)
          for (const each of seen) used.add(each)
          const { details } = suggestDetails(used.actions(), within, kindOf)
          const isCovered = (list: readonly Detail[], each: Call) =>
            covers(list, each, kindOf).covered
          for (const each of seen) assert.equal(isCovered(details, each), isCovered(within, each))
          const actions = new Set(seen.map(({ action }) => action))
          for (const each of others) {
            if (isCovered(details, each)) {
              assert.ok(actions.has(each.action as (typeof ACTIONS)[number])) // as: made from them
              assert.ok(isCovered(within, each))
            }
            assert.equal(isCovered(details, { ...each, action: 'a.never' }), false)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('bounds only where they are stable, with room that is said', () => {
    const used = new CallUsage(kindOf)
    const of = (amount: string, id: string): Call => ({
      location: 'https://a',
      action: 'a.send',
      arguments: new Map<string, TypedValue>([
        ['id', { kind: 'string', value: id }],
        ['amount', { kind: 'decimal', text: amount }],
      ]),
    })
    for (const amount of ['1.00', '40.00', '12.50', '3.00']) used.add(of(amount, '7'))
    assert.deepEqual(
      suggestDetails(used.actions(), [ALL], kindOf).actions[0]?.bounds,
      [],
      'too few',
    )
    used.add(of('2.00', '7'))
    const [action] = suggestDetails(used.actions(), [ALL], kindOf).actions
    assert.deepEqual(action?.bounds, [
      { bound: { path: '/id', op: 'eq', value: '7' }, why: 'always', seen: '7', calls: 5 },
      {
        bound: { path: '/amount', op: 'lte', value: '50.00' },
        why: 'most',
        seen: '40.00',
        calls: 5,
      },
    ])
    used.add({ ...of('1.00', '8'), arguments: new Map([['id', { kind: 'string', value: '8' }]]) })
    const [after] = suggestDetails(used.actions(), [ALL], kindOf).actions
    assert.deepEqual(after?.bounds, [], 'another id, and a call without an amount')
  })

  test('room is a quarter, rounded up, and never less than what was seen', () => {
    assert.deepEqual(
      ['40.00', '1234', '0.01', '7'].map((most, i) =>
        withRoom(most, i % 2 ? 'integer' : 'decimal'),
      ),
      ['50.00', '1600', '0.0130', '9'],
    )
    for (const most of ['0', '-5', '9999999999999999'])
      assert.equal(withRoom(most, 'integer'), undefined)
  })
})

forEachEngine('a ceiling from what an agent did', (open) => {
  const worlds = worldsOver(open)

  test('is narrower, and would have permitted all of it', { timeout: 60_000 }, async (t) => {
    const world = await worlds.own(t)
    const held = await world.open()
    const token = await world.token(held)
    await world.decide(held, token, READ)
    for (const amount of ['10.00', '20.00', '40.00', '30.00', '5.00'])
      await world.decide(held, token, refund(amount))
    await world.decide(held, token, refund('5000.01'))
    const time = { since: 0, until: world.parts.clock.now() }
    const { actions, covered, details, now, ...rest } = await suggest(
      world.parts,
      { agent: 'refund-bot' },
      time,
    )
    assert.deepEqual(now, [ALL_OF_ORDERS])
    assert.deepEqual(rest, { calls: 6, outside: 0, withoutInputs: 0, cut: false })
    assert.equal(covered, 6)
    assert.deepEqual(
      actions.map(({ action, calls }) => [action, calls]),
      [
        ['orders.refund', 5],
        ['orders.read', 1],
      ],
    )
    assert.deepEqual(details, [
      {
        type: 'remit_call',
        locations: [ORDERS],
        actions: ['orders.refund'],
        bounds: [
          { path: '/order_id', op: 'eq', value: '1042' },
          { path: '/amount', op: 'lte', value: '50.00' },
        ],
      },
      { type: 'remit_call', locations: [ORDERS], actions: ['orders.read'], bounds: [] },
    ])
    const ofTask = await suggest(world.parts, { task: held.opened.task.id }, time)
    assert.deepEqual(ofTask.details, details)
    await setCeiling(world.parts, { agentId: 'refund-bot', ceiling: details, by: world.ada.id })
    assert.equal(
      (await world.decide(held, await world.token(held), refund('45.00'))).outcome,
      'permit',
    )
    assert.equal(
      (await world.decide(held, await world.token(held), refund('51.00'))).outcome,
      'deny',
    )
  })

  test('nobody of that name', { timeout: 60_000 }, async () => {
    const { parts } = await worlds.shared()
    const time = { since: 0, until: 1 }
    await assert.rejects(suggest(parts, { agent: 'nobody' }, time), /there is no agent/)
    await assert.rejects(suggest(parts, { task: 'tsk_none' }, time), /there is no task/)
  })
})
