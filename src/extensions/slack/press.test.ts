import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from '../../platform/lib/json.ts'
import { readPress } from './press.ts'

const APPROVE = { action_id: 'remit_approve', value: 'v1.x.y' }
const PAYLOAD = {
  type: 'block_actions',
  actions: [APPROVE],
  container: { type: 'message', channel_id: 'D1', message_ts: '1.1' },
  team: { id: 'T1' },
  user: { id: 'U1', team_id: 'T1' },
  state: { values: { remit_reason: { remit_reason: { value: 'not now' } } } },
}

/** Press of this payload, with some members that differ. */
function pressOf(over: object = {}, repeated = false) {
  return readPress(parseJson(JSON.stringify({ ...PAYLOAD, ...over })), repeated)
}

const PRESS = {
  ...{ answer: 'approve', channel: 'D1', receipt: 'D1 1.1', repeated: false },
  ...{ member: 'U1', team: 'T1', value: 'v1.x.y', reason: 'not now' },
}

test('a press says which button, in which message, of whom, and why', () => {
  assert.deepEqual(pressOf(), PRESS)
  assert.deepEqual(pressOf({}, true), { ...PRESS, repeated: true })
  const denied = pressOf({ actions: [{ ...APPROVE, action_id: 'remit_deny' }] })
  assert.deepEqual(denied, { ...PRESS, answer: 'deny' })
})

test('what is no single press of a button that answers is none', () => {
  for (const over of [
    { type: 'view_submission' },
    { type: undefined },
    { actions: [] },
    { actions: undefined },
    { actions: APPROVE },
    { actions: [APPROVE, APPROVE] },
    { actions: [{ ...APPROVE, action_id: 'remit_open' }] },
    { actions: ['remit_approve'] },
  ])
    assert.equal(pressOf(over), undefined, JSON.stringify(over))
  assert.equal(readPress(null, false), undefined)
  assert.equal(readPress('remit_approve', false), undefined)
})

test('a press outside of a message, or of one without a channel or a time, is none', () => {
  const { container } = PAYLOAD
  for (const over of [
    { type: 'view' },
    { channel_id: undefined },
    { channel_id: '' },
    { message_ts: undefined },
    { message_ts: 1.1 },
  ])
    assert.equal(pressOf({ container: { ...container, ...over } }), undefined, JSON.stringify(over))
  assert.equal(pressOf({ container: undefined }), undefined)
})

test('a member of another workspace than that of the message has none', () => {
  assert.equal(pressOf({ user: { id: 'U1', team_id: 'T2' } })?.team, '')
  assert.equal(pressOf({ user: { id: 'U1' } })?.team, 'T1')
  assert.equal(pressOf({ team: undefined })?.team, '')
})

test('a value that is no text is an empty one, and an empty reason is none', () => {
  assert.equal(pressOf({ actions: [{ action_id: 'remit_approve', value: 1 }] })?.value, '')
  const state = (value: unknown) => ({ values: { remit_reason: { remit_reason: { value } } } })
  assert.equal(pressOf({ state: state('') })?.reason, undefined)
  assert.equal(pressOf({ state: state(null) })?.reason, undefined)
})
