import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { PREVIEW_SPAN_MS } from '../../tasks/approval-desk/index.ts'
import { findDecision, listDecisions } from '../../tasks/decision-log/decision-store.ts'
import { closeTask } from '../../tasks/tasks/index.ts'
import { decidePreview } from './decide-preview.ts'
import { limited } from './judgment/testing.ts'
import { stillLive } from './still-live.ts'
import { type HeldTask, READ, REFUND_DESK, refund, type Wish, worldsOver } from './testing.ts'

forEachEngine('a call that Remit makes to show an approver what another one is about', (open) => {
  const worlds = worldsOver(open)
  let requests = 0

  function previewing(world: Awaited<ReturnType<typeof worlds.shared>>) {
    return async (held: HeldTask, wish: Wish, request = `req_${++requests}`) => {
      const call = await world.call(held, 'no token', wish)
      const about = { request, by: world.finn.id, task: held.opened.task.id }
      return decidePreview(world.parts, call, about)
    }
  }

  test('is a recorded call of the same task, once in a span for each approver', async () => {
    const world = await worlds.shared()
    const preview = previewing(world)
    const held = await world.open()
    world.parts.clock.advance(PREVIEW_SPAN_MS - (world.parts.clock.now() % PREVIEW_SPAN_MS))
    const all = await Promise.all(
      Array.from({ length: 16 }, () => preview(held, READ, 'req_of_one')),
    )
    const [permit, ...others] = all.filter(({ outcome }) => outcome !== 'too_soon')
    assert.ok(permit?.outcome === 'permit', JSON.stringify(permit))
    assert.equal(others.length, 0)
    assert.equal(permit.task.id, held.opened.task.id)
    assert.ok(stillLive(world.parts, permit))
    const row = await findDecision(world.parts.storage.read, permit.decisionId)
    assert.deepEqual([row?.state, row?.outcome, row?.action], ['sending', 'permit', 'orders.read'])
    const record = (await world.parts.recorded()).find(
      (each) => each.decision_id === permit.decisionId,
    )
    assert.deepEqual(record?.facts, { preview_of: 'req_of_one', approver: world.finn.id })
    world.parts.clock.advance(PREVIEW_SPAN_MS)
    assert.equal((await preview(held, READ, 'req_of_one')).outcome, 'permit')
  })

  test('only reads, asks nobody, and takes nothing of a limit', async (t) => {
    const world = await worlds.own(t)
    const preview = previewing(world)
    const held = await world.open()
    const refused = async (of: HeldTask, wish: Wish, words: RegExp) => {
      const verdict = await preview(of, wish)
      assert.ok(verdict.outcome === 'deny', JSON.stringify(verdict))
      assert.deepEqual([verdict.reason, words.test(verdict.detail)], ['approval.no_preview', true])
    }
    await refused(held, refund('40.00'), /only reads/)
    const counted = await limited(world, [{ kind: 'calls', name: 'calls', most: '5' }])
    await refused(counted, READ, /takes nothing/)
    await publishPolicies(world.parts, {
      text: `${REFUND_DESK}@id("reads-ask") @requestable("Ask") @approvers("group:finance")
        forbid (principal is Person, action == Action::"orders.read", resource);`,
      by: world.ada.id,
      note: 'reads ask',
    })
    await refused(held, READ, /no one is asked/)
    const { storage } = world.parts
    const rows = await listDecisions(storage.read, { taskId: held.opened.task.id, limit: 50 })
    assert.ok(rows.every(({ outcome, requestId }) => outcome === 'deny' && requestId === null))
  })

  test('is not made for a task that may not make it, or is over', async () => {
    const world = await worlds.shared()
    const preview = previewing(world)
    const held = await world.open()
    await closeTask(world.parts, { taskId: held.opened.task.id, reason: 'done', by: 'agent' })
    const verdict = await preview(held, READ)
    assert.ok(verdict.outcome === 'deny')
    assert.match(verdict.reason, /^task\./)
  })
})
