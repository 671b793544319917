import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RecordedDecision, readSetting, replayInputs } from './replay-inputs.ts'

const CALL: RecordedDecision = {
  ...{ resource: 'orders', action: 'orders.read', at: 1, outcome: 'permit', reason: 'permitted' },
  ...{ inputs: '{"args":[],"risk":"low","context":{}}', setting: 'digest' },
}
const ISSUANCE: RecordedDecision = {
  ...CALL,
  ...{ action: 'issue:access_token:token_exchange', setting: null },
  inputs: '{"facts":{"purpose":"x"},"lifted":[]}',
}
const SETTING = readSetting('{"entities":[],"kinds":{},"location":"x","context":{},"details":[]}')

test('a call is decided again from its inputs and its setting', () => {
  const made = replayInputs(CALL, SETTING)
  assert.ok(made.of === 'facts')
  const { action, resource, risk } = made.facts.call
  assert.deepEqual([action, resource, risk], ['orders.read', 'orders', 'low'])
})

test('a call that was stopped before it was judged has nothing to be decided from', () => {
  for (const over of [{}, { inputs: null }, { action: null }, { resource: null }])
    assert.deepEqual(replayInputs({ ...CALL, setting: null, ...over }, undefined), {
      of: 'stopped',
    })
})

test('a call is erased where its inputs are gone, or anything else that it was decided from', () => {
  for (const over of [{ inputs: null }, { action: null }, { resource: null }])
    assert.deepEqual(replayInputs({ ...CALL, ...over }, SETTING), { of: 'erased' })
  assert.deepEqual(replayInputs(CALL, undefined), { of: 'erased' })
})

test('an issuance is decided again from its inputs alone, and is erased with them', () => {
  const made = replayInputs(ISSUANCE, undefined)
  assert.ok(made.of === 'issuance')
  const { action, facts, lifted, resource } = made.issuance
  assert.deepEqual(
    [action, facts, lifted, resource],
    [ISSUANCE.action, { purpose: 'x' }, [], 'orders'],
  )
  assert.deepEqual(replayInputs({ ...ISSUANCE, inputs: null }, undefined), { of: 'erased' })
  assert.deepEqual(replayInputs({ ...ISSUANCE, resource: null }, undefined), { of: 'stopped' })
})
