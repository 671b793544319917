import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { openMasterKey } from '../../platform/keys/index.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { readSessionId, type SessionConversation, sessionId } from './session-id.ts'

const UPSTREAM = { revision: '2025-11-25', id: 'upstream-secret' } as const

const CONVERSATION: SessionConversation = {
  key: 'k',
  task: 'tsk_1',
  resource: 'notes',
  revision: '2025-06-18',
  capabilities: ['elicitation'],
  upstream: UPSTREAM,
}

const keyOf = (letter: string) =>
  openMasterKey({
    directory: tmpdir(),
    value: new Secret(Buffer.alloc(32, letter).toString('base64url')),
    random: systemRandom,
  })

test('a session id holds its conversation, and shows nothing of it', async () => {
  const master = await keyOf('a')
  for (const upstream of [UPSTREAM, { ...UPSTREAM, id: undefined }, undefined]) {
    const conversation = { ...CONVERSATION, upstream }
    const id = sessionId(master, conversation)
    assert.match(id, /^[\x21-\x7e]+$/)
    assert.ok(!Buffer.from(id, 'base64url').includes('upstream-secret'))
    assert.deepEqual(readSessionId(master, 'notes', id), conversation)
  }
})

test('a session id is none elsewhere, altered, or under another key', async () => {
  const master = await keyOf('a')
  const id = sessionId(master, CONVERSATION)
  assert.equal(readSessionId(master, 'other', id), undefined)
  assert.equal(readSessionId(await keyOf('b'), 'notes', id), undefined)
  const end = id.endsWith('A') ? 'B' : 'A'
  for (const text of ['', 'x', `${id}A`, id.slice(4), id.slice(0, -1) + end, 'A'.repeat(5_000)])
    assert.equal(readSessionId(master, 'notes', text), undefined)
})

test('a session id that holds something odd is none, or holds no capabilities', () => {
  /** A box without a lock: what is tested is what the id says. */
  const box = {
    seal: (text: string | Uint8Array) => Buffer.from(text),
    open: (sealed: Uint8Array) => Buffer.from(sealed),
  }
  const read = (revision: string, capabilities: unknown, length = 0) => {
    const text = JSON.stringify(['k', 'tsk_1', revision, null, null, capabilities])
    return readSessionId(box, 'notes', Buffer.from(text.padEnd(length)).toString('base64url'))
  }
  const wanted = { ...CONVERSATION, capabilities: [], upstream: undefined }
  assert.deepEqual(read('2025-06-18', null), wanted)
  assert.deepEqual(read('2025-06-18', ['elicitation'])?.capabilities, ['elicitation'])
  assert.equal(read('2020-01-01', []), undefined)
  assert.deepEqual(read('2025-06-18', [], 3_072), wanted, '4,096 characters')
  assert.equal(read('2025-06-18', [], 3_073), undefined)
})
