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

/** State of a text as it would be sealed. */
const stateOf = (text: string) => Buffer.from(text).toString('base64url')
const textOf = (state: string) => Buffer.from(state, 'base64url').toString()

test('a state lasts a quarter of an hour, and says whose question it is', () => {
  assert.equal(STATE_LIVES_MS, 900_000)
  for (const each of [said, { task: 'tsk_a', expiresAt: 1, of: 'people' }] as const)
    assert.deepEqual(openState(master, call, sealState(master, call, each) ?? '', 0), each)
})

test('a state has 2,000 characters at most', () => {
  const text = textOf(sealState(master, call, { ...said, server: '' }) ?? '')
  const server = (bytes: number) => 's'.repeat(bytes - Buffer.byteLength(text))
  const longest = sealState(master, call, { ...said, server: server(1_500) })
  assert.equal(longest?.length, 2_000)
  assert.equal(openState(master, call, longest, 0)?.server, server(1_500))
  assert.equal(sealState(master, call, { ...said, server: server(1_501) }), undefined)
  assert.equal(openState(master, call, stateOf(`${textOf(longest)} `), 0), undefined)
})

test('a state that is none is refused, whatever is sealed in it', () => {
  const text = textOf(sealState(master, call, said) ?? '')
  assert.ok(openState(master, call, stateOf(text), 0))
  for (const odd of [
    'none',
    text.replace('"tsk_a"', '1'),
    text.replace('900000', '"x"'),
    text.replace('900000', 'null'),
  ])
    assert.equal(openState(master, call, stateOf(odd), 0), undefined, odd)
  assert.equal(openState(master, call, '!', 0), undefined)
})

test('a state is for one resource', () => {
  const label = (text: string | undefined) => `${text}\n`
  const box = {
    seal: (text: string | Uint8Array, of?: string) => Buffer.from(`${label(of)}${text}`),
    open: (sealed: Uint8Array, of?: string) => {
      const text = Buffer.from(sealed).toString()
      assert.ok(text.startsWith(label(of)))
      return Buffer.from(text.slice(label(of).length))
    },
  }
  const state = sealState(box, call, said) ?? ''
  assert.deepEqual(openState(box, call, state, 0), said)
  assert.equal(openState(box, { ...call, resource: 'mail' }, state, 0), undefined)
})
