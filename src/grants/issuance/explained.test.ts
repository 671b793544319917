import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newKey, REFUND_DESK, type World, worldsOver } from '../../calls/calls/testing.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { findDecision } from '../../tasks/decision-log/decision-store.ts'
import { issueAgain } from '../../tasks/decision-log/judged.ts'
import { readRecorded } from '../../tasks/decision-log/read-recorded.ts'
import { eraseInputs } from '../../tasks/decision-log/recorded-store.ts'
import { explain } from '../../tasks/explanations/explain.ts'
import { DeferralWorld } from '../grants/deferral/testing.ts'
import { openTask } from '../grants/openings/open-task.ts'
import { issueResourceToken } from './issue-resource-token.ts'

const FORBIDS = `@id("no-such-task") forbid (principal is Agent, action == Action::"issue:access_token:token_exchange", resource)
  when { context.task.purpose == "refund order 1042" && principal.trust > 2 };`
const ASKS = `@id("tokens-ask") @requestable("Look at it.") @approvers("group:finance")
  forbid (principal is Person, action == Action::"issue:access_token:token_exchange", resource);`

function publish({ parts }: World, rule: string) {
  return publishPolicies(parts, { text: `${REFUND_DESK}\n${rule}`, by: 'operator', note: 'test' })
}

forEachEngine('issuances that were refused', (open) => {
  const worlds = worldsOver(open)

  test('are explained by rule and facts, and decided again as they were, or by other rules', async (t) => {
    const world = await worlds.own(t)
    const { parts } = world
    await publish(world, FORBIDS)
    const refused = await openTask(parts, 'token_exchange', await world.opening(newKey()))
    assert.ok(refused.outcome === 'refused')
    assert.equal('judged' in refused, false, 'what rules looked at is nobody else’s')
    const id = String(refused.members?.decision_id)
    const record = (await parts.recorded()).find(({ type }) => type === 'task.refused')
    assert.equal(record?.decision_id, id)
    const told = await explain(parts, id, 'operator')
    assert.equal(told.action, 'issue:access_token:token_exchange')
    assert.deepEqual(
      [told.outcome, told.reason, told.agentId, told.facts, told.risk],
      ['deny', 'issuance.forbidden', 'refund-bot', 'facts', undefined],
    )
    const [gate] = told.gates
    assert.deepEqual([gate?.gate, gate?.subject], ['agent', 'refund-bot'])
    const [rule] = gate?.policies ?? []
    assert.equal(rule?.id, 'no-such-task')
    assert.deepEqual(rule?.why, [
      'context.task.purpose is "refund order 1042"',
      'principal.trust is 3: more than 2',
    ])
    const found = await readRecorded(parts.storage.read, id)
    assert.ok(found?.made.of === 'issuance')
    const { issuance } = found.made
    const again = issueAgain(issuance, await parts.policies.active())
    assert.deepEqual(again, {
      ...{ allowed: false, reason: 'issuance.forbidden', subject: 'refund-bot' },
      policies: ['no-such-task'],
    })
    await publish(world, '')
    assert.equal(issueAgain(issuance, await parts.policies.active()).allowed, true)
    await parts.storage.transaction((tx) => eraseInputs(tx, [id]))
    assert.equal((await explain(parts, id, 'operator')).facts, 'erased')
  })

  test('or wait for people: with the request that they are asked by', async (t) => {
    const world = await worlds.own(t)
    const { parts } = world
    const held = await world.open()
    await publish(world, ASKS)
    const waiting = await issueResourceToken(parts, world.exchange(held))
    assert.ok(waiting.outcome === 'refused')
    const { access_request: request, decision_id: id } = waiting.members ?? {}
    const told = await explain(parts, String(id), 'operator')
    assert.deepEqual(
      [told.outcome, told.reason, told.requestId, told.taskId],
      ['requestable', 'issuance.approval_pending', Object(request).id, held.opened.task.id],
    )
    assert.deepEqual(
      told.gates.map(({ gate, policies }) => [gate, policies.map((each) => each.id)]),
      [['approval', ['tokens-ask']]],
    )
    const again = await issueResourceToken(parts, world.exchange(held))
    assert.ok(again.outcome === 'refused')
    assert.notEqual(again.members?.decision_id, id, 'each answer has its own')
  })

  test('an agent that waits is told no rule, by its answer or by the id of a decision', async (t) => {
    const world = await worlds.own(t)
    const waiting = await DeferralWorld.in(world)
    const { code } = await waiting.deferred()
    await waiting.answer('grant')
    await publish(world, FORBIDS)
    const answer = await waiting.poll(code)
    assert.ok(answer.outcome === 'refused')
    assert.equal(answer.reason, 'deferral.denied')
    assert.equal(answer.members, undefined)
    const record = (await world.parts.recorded()).findLast(({ type }) => type === 'task.refused')
    const decision = await findDecision(world.parts.storage.read, record?.decision_id ?? '')
    assert.equal(decision?.reason, 'issuance.forbidden')
  })
})
