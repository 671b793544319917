import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRequest } from '../../../approvals/access-requests/index.ts'
import { type HeldTask, refund, type World, worldsOver } from '../../../calls/calls/testing.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { approvalHabits, isHabitual } from './habits.ts'
import { suggestException } from './suggest-exception.ts'

const OF_REFUNDS = { agent: 'refund-bot', action: 'orders.refund' }

forEachEngine('a rule from what people approve again and again', (open) => {
  const worlds = worldsOver(open)

  async function asked(world: World, held: HeldTask, amount: string, order?: string) {
    const token = await world.token(held)
    const verdict = await world.decide(held, token, refund(amount, order))
    assert.ok(verdict.outcome === 'requestable', JSON.stringify(verdict))
    return verdict.request.id
  }

  test('asks no more within what was approved, permits nothing that was denied, and is never in force by itself', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const held = await world.open()
    const amounts = ['500.00', '700.00', '900.00', '600.00']
    for (const [i, amount] of amounts.entries())
      await world.answer(await asked(world, held, amount, `104${i}`), world.finn, 'approve')
    assert.deepEqual(await approvalHabits(world.parts), [], 'four say nothing yet')
    await world.answer(await asked(world, held, '650.00', '1049'), world.finn, 'approve')
    const [habit, ...others] = await approvalHabits(world.parts, 'refund-bot')
    assert.ok(habit && others.length === 0)
    const { last: _, ...found } = habit
    assert.deepEqual(found, {
      ...OF_REFUNDS,
      resource: 'orders',
      approvals: 5,
      limits: [{ path: '/amount', op: 'most', values: ['900.00'], why: 'most', seen: 5 }],
      free: ['/order_id'],
      rules: ['large-refunds-ask'],
    })
    assert.deepEqual(await approvalHabits(world.parts, 'other'), [])

    const { policies } = world.parts
    const { version } = await policies.active()
    const { exception } = await suggestException(world.parts, OF_REFUNDS)
    assert.equal((await policies.active()).version, version, 'nothing is in force')
    assert.match(
      exception.text,
      /\nunless \{ context\.agent == Agent::"refund-bot" && action == Action::"orders\.refund" && context\.args\.amount\.lessThanOrEqual\(decimal\("900\.00"\)\) \};/,
    )
    const { asked: counts, calls, newlyPermitted } = exception
    assert.deepEqual([calls, counts, newlyPermitted], [5, { now: 5, drafted: 0 }, 0])
    await publishPolicies(world.parts, { text: exception.text, by: world.ada.id, note: 'fewer' })
    const token = await world.token(held)
    assert.equal((await world.decide(held, token, refund('900.00', '1050'))).outcome, 'permit')
    assert.equal((await world.decide(held, token, refund('900.01', '1051'))).outcome, 'requestable')
  })

  test('is none where one like it was denied; one beyond it does not matter', async (t) => {
    const world = await worlds.own(t)
    const held = await world.open()
    for (const order of ['1', '2', '3', '4', '5'])
      await world.answer(await asked(world, held, '500.00', order), world.finn, 'approve')
    await world.answer(await asked(world, held, '800.00', '6'), world.finn, 'deny')
    const [habit] = await approvalHabits(world.parts)
    assert.deepEqual(habit?.limits[0]?.values, ['500.00'])
    const beyond = await findRequest(world.parts, await asked(world, held, '501.00', '7'))
    assert.ok(habit && beyond && !isHabitual(habit, beyond))
    const like = await findRequest(world.parts, await asked(world, held, '500.00', '8'))
    assert.ok(like && isHabitual(habit, like))
    await world.answer(like.id, world.finn, 'deny')
    assert.deepEqual(await approvalHabits(world.parts), [])
    await assert.rejects(suggestException(world.parts, OF_REFUNDS), { code: 'approval.no_habit' })
  })
})
