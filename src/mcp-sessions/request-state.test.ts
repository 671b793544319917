import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openState, STATE_LIVES_MS, sealState } from './request-state.ts'

/** A box without a lock: what is tested is what the state says. */
const master = {
  seal: (text: string | Uint8Array) => Buffer.from(text),
  open: (sealed: Uint8Array) => Buffer.from(sealed),
}
const call = { resource: 'notes', method: 'tools/call', params: new Map([['name', 'say']]) }
const said = { task: 'tsk_a', expiresAt: STATE_LIVES_MS, of: 'server', server: 's' } as const

test('E16: a state is good until its time is over, and not in that moment', () => {
  const state = sealState(master, call, said) ?? ''
  assert.deepEqual(openState(master, call, state, STATE_LIVES_MS - 1), said)
  assert.equal(openState(master, call, state, STATE_LIVES_MS), undefined)
  assert.equal(openState(master, call, state, STATE_LIVES_MS + 1), undefined)
})

test('a state is for its own call', () => {
  const state = sealState(master, call, said) ?? ''
  const other = { ...call, params: new Map([['name', 'erase']]) }
  assert.equal(openState(master, other, state, 0), undefined)
  assert.equal(openState(master, { ...call, method: 'prompts/get' }, state, 0), undefined)
  assert.equal(openState(master, call, 'x'.repeat(3_000), 0), undefined)
})
