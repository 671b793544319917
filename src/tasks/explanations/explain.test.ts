import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideCall } from '../../calls/calls/decide-call.ts'
import {
  READ,
  REFUND_DESK,
  refund,
  type Wish,
  type World,
  worldsOver,
} from '../../calls/calls/testing.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { explain } from './explain.ts'

const by = 'operator'
/** Policies without the rules of the desk; what is permitted here is permitted up to an amount. */
const CAPPED = `@id("agents") permit (principal is Agent, action, resource);
@id("small-ones")
@description("Small refunds")
permit (principal in Group::"support", action == Action::"orders.refund", resource)
when { context.args.amount.lessThanOrEqual(decimal("100.00")) };
@id("finance-refunds")
permit (principal in Group::"finance", action == Action::"orders.refund", resource)
when { context.args.amount.lessThanOrEqual(decimal("100.00")) };
`

forEachEngine('an explanation', (open) => {
  const worlds = worldsOver(open)

  async function decided(world: World, wish: Wish) {
    const held = await world.open()
    const { decisionId } = await world.decide(held, await world.token(held), wish)
    return {
      operator: await explain(world.parts, decisionId, 'operator'),
      person: await explain(world.parts, decisionId, 'person'),
    }
  }

  test('of what nothing permitted names the nearest permit, and what it lacks, with values', async (t) => {
    const world = await worlds.own(t)
    const files = [
      { file: 'agents.cedar', line: 1 },
      { file: 'desk.cedar', line: 2 },
    ]
    await publishPolicies(world.parts, { text: CAPPED, by, note: '', files })
    const { operator, person } = await decided(world, refund('950.00'))
    assert.equal(operator.reason, 'person.not_permitted')
    const [nearest, second] = operator.gates.find(({ gate }) => gate === 'person')?.nearest ?? []
    assert.deepEqual(
      [nearest?.id, nearest?.file, nearest?.line, nearest?.description],
      ['small-ones', 'desk.cedar', 1, 'Small refunds'],
    )
    assert.deepEqual(nearest?.why, ['context.args.amount is 950.00; the rule needs at most 100.00'])
    assert.equal(second?.id, 'finance-refunds')
    assert.match(second?.why[0] ?? '', /^person psn_\S+ is not in group finance$/)
    assert.deepEqual(person.hints, ['amount is 950.00; at most 100.00 may be permitted'])
    const words = JSON.stringify(person)
    for (const secret of ['small-ones', 'finance', 'permit (', world.finn.id])
      assert.ok(!words.includes(secret), secret)
  })

  test('of a group that somebody is not in says so to operators by name, and to the person without', async (t) => {
    const world = await worlds.own(t)
    await publishPolicies(world.parts, {
      text: CAPPED.replace('"support"', '"managers"'),
      by,
      note: '',
    })
    const { operator, person } = await decided(world, refund('50.00'))
    const [nearest] = operator.gates.find(({ gate }) => gate === 'person')?.nearest ?? []
    assert.match(nearest?.why.join() ?? '', /^person psn_\S+ is not in group (managers|finance)$/)
    assert.deepEqual(person.hints, ['you are in none of the groups that may do it'])
  })

  test('of what a rule forbids says what made it hold', async () => {
    const world = await worlds.shared()
    const { operator } = await decided(world, refund('5000.01'))
    const agent = operator.gates.find(({ gate }) => gate === 'agent')
    assert.deepEqual(
      agent?.policies.map(({ id, why }) => [id, ...why]),
      [['no-huge-refunds-by-agents', 'context.args.amount is 5000.01: more than 5000.00']],
    )
    const approval = operator.gates.find(({ gate }) => gate === 'approval')
    assert.deepEqual(
      approval?.policies.map(({ id, why }) => [id, ...why]),
      [['large-refunds-ask', 'context.args.amount is 5000.01: more than 100.00']],
    )
  })

  test('speaks of the facts and rules of its time', async (t) => {
    const world = await worlds.own(t)
    const held = await world.open()
    const { decisionId } = await world.decide(held, await world.token(held), refund('900.00'))
    await publishPolicies(world.parts, { text: CAPPED, by, note: '' })
    await world.signIn('sam', 'finance')
    const told = await explain(world.parts, decisionId, 'operator')
    assert.equal(told.facts, 'facts')
    const person = told.gates.find(({ gate }) => gate === 'person')
    assert.deepEqual(
      person?.policies.map(({ id }) => id),
      ['support-orders'],
    )
    assert.ok(REFUND_DESK.includes(person?.policies[0]?.text ?? '?'))
  })

  test('tells the person each gate as it went, whether people could permit it, and the risk without points', async () => {
    const world = await worlds.shared()
    for (const [wish, outcome, gate, reason] of [
      [READ, 'permit', undefined, undefined],
      [refund('900.00'), 'requestable', 'approval', 'approval.required'],
      [refund('5000.01'), 'deny', 'agent', 'agent.not_permitted'],
    ] as const) {
      const { operator, person } = await decided(world, wish)
      assert.equal(person.outcome, outcome)
      assert.equal(person.approvalWouldHelp, outcome === 'requestable')
      assert.deepEqual(
        person.gates.map(({ gate, passed }) => [gate, passed]),
        operator.gates.map(({ gate, passed }) => [gate, passed]),
      )
      const members = new Set(person.gates.flatMap((each) => Object.keys(each)))
      assert.deepEqual([...members].toSorted(), ['gate', 'passed', ...(gate ? ['reason'] : [])])
      const failed = person.gates.find(({ passed }) => !passed)
      assert.deepEqual([failed?.gate, failed?.reason], [gate, reason])
      assert.equal(typeof operator.risk?.score, 'number')
      assert.equal(person.risk?.class, operator.risk?.class)
      assert.equal(person.risk?.score, undefined)
      assert.ok(person.risk?.signals.every(({ points }) => points === undefined))
    }
  })

  test('of a call whose proof was used before has no facts, and no rules behind its gates', async () => {
    const world = await worlds.shared()
    const held = await world.open()
    const call = await world.call(held, await world.token(held), READ)
    await decideCall(world.parts, call)
    const { decisionId } = await decideCall(world.parts, call)
    const operator = await explain(world.parts, decisionId, 'operator')
    assert.deepEqual([operator.outcome, operator.facts], ['deny', 'stopped'])
    assert.deepEqual(
      operator.gates.map(({ gate, policies, nearest }) => [gate, policies, nearest]),
      [['credential', [], []]],
    )
    const person = await explain(world.parts, decisionId, 'person')
    assert.deepEqual([person.hints, person.settlements], [[], []])
  })

  test('of a decision that is unknown is refused, and repeats no more than the beginning of what was asked for', async () => {
    const { parts } = await worlds.shared()
    await assert.rejects(explain(parts, `dec_${'x'.repeat(200)}`, 'person'), {
      code: 'decision.unknown',
      detail: `there is no decision \`dec_${'x'.repeat(60)}\``,
    })
  })
})
