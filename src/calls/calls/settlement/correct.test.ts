import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { findRequest } from '../../../approvals/access-requests/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { findDecision } from '../../../tasks/decision-log/decision-store.ts'
import { explain } from '../../../tasks/explanations/explain.ts'
import { recordOutcome } from '../outcome.ts'
import { refund, worldsOver } from '../testing.ts'
import { settleOwn } from './settle-own.ts'

forEachEngine('a call that is presumed to be indeterminate', (open) => {
  const worlds = worldsOver(open)

  /** An approved call whose outcome nobody knows here. */
  async function presumed(t: TestContext) {
    const world = await worlds.own(t)
    const held = await world.open()
    const token = await world.token(held)
    const request = await world.approved(held, token, refund('900.00'))
    const verdict = await world.decide(held, token, refund('900.00'))
    assert.ok(verdict.outcome === 'permit')
    world.parts.flights.end(verdict.decisionId)
    assert.equal(await settleOwn(world.parts), 1)
    return { world, parts: world.parts, held, token, request, id: verdict.decisionId }
  }

  test('is corrected by whoever made it, once, and both are told', async (t) => {
    const { id, parts } = await presumed(t)
    const at = parts.clock.now()
    parts.clock.advance(3_000)
    assert.equal(await recordOutcome(parts, id, { state: 'answered', status: 201 }), true)
    assert.equal(await recordOutcome(parts, id, { state: 'failed' }), false)
    const row = await findDecision(parts.storage.read, id)
    assert.deepEqual(
      [row?.state, row?.status, row?.presumedAt, row?.endedAt],
      ['answered', 201, at, at + 3_000],
    )
    const records = (await parts.recorded()).filter(({ decision_id }) => decision_id === id)
    assert.deepEqual(
      records.slice(-2).map(({ outcome, type }) => [type, outcome]),
      [
        ['decision.outcome', 'indeterminate'],
        ['decision.correction', 'answered'],
      ],
    )
    const told = await explain(parts, id, 'person')
    assert.deepEqual([told.state, told.presumedAt], ['answered', at])
  })

  test('and was not sent: its approval is there again', async (t) => {
    const { held, id, parts, request, token, world } = await presumed(t)
    assert.equal((await findRequest(parts, request.id))?.usedBy, id)
    assert.equal(await recordOutcome(parts, id, { state: 'not_sent', reason: 'call.cut' }), true)
    const verdict = await world.decide(held, token, refund('900.00'))
    assert.ok(verdict.outcome === 'permit')
  })

  test('stays what it is after a known outcome: nothing corrects that', async (t) => {
    const world = await worlds.own(t)
    const held = await world.open()
    const verdict = await world.decide(held, await world.token(held), refund('40.00'))
    assert.ok(verdict.outcome === 'permit')
    const { parts } = world
    await recordOutcome(parts, verdict.decisionId, { state: 'failed' })
    assert.equal(await recordOutcome(parts, verdict.decisionId, { state: 'answered' }), false)
    assert.equal((await findDecision(parts.storage.read, verdict.decisionId))?.state, 'failed')
  })
})
