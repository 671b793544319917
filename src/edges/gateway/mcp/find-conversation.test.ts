import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { McpSessions } from '../../../calls/mcp-sessions/mcp-sessions.ts'
import { type SessionConversation, sessionId } from '../../../calls/mcp-sessions/session-id.ts'
import { openMasterKey } from '../../../platform/keys/index.ts'
import { systemRandom } from '../../../platform/lib/random.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import type { PlacedMessage } from './call-steps.ts'
import { findConversation } from './find-conversation.ts'
import type { McpPorts } from './ports.ts'

const CONVERSATION: SessionConversation = {
  key: 'k',
  task: 'tsk_1',
  resource: 'notes',
  revision: '2025-11-25',
  capabilities: [],
  upstream: { revision: '2025-11-25', id: 'upstream' },
}

async function place() {
  const value = new Secret(Buffer.alloc(32, 'a').toString('base64url'))
  const master = await openMasterKey({ directory: tmpdir(), value, random: systemRandom })
  let opened = 0
  const counting = {
    ...master,
    open: (...sealed: Parameters<typeof master.open>) => {
      opened++
      return master.open(...sealed)
    },
  }
  const desk = new McpSessions()
  const hear = async (id: string, resource = 'notes') => {
    const headers = new Map([['mcp-session-id', id]])
    const heard = { rpc: undefined, request: { headers }, resource: { name: resource } }
    const ports = { desk, master: counting }
    // as: what `converse` looks at; nobody says who calls
    const placed = await findConversation(
      heard as unknown as PlacedMessage,
      ports as unknown as McpPorts,
    )
    return placed.conversation
  }
  return { desk, hear, id: sessionId(master, CONVERSATION), opened: () => opened }
}

test('the id that every call of a session brings is opened once', async () => {
  const { hear, id, opened } = await place()
  for (let call = 0; call < 3; call++) assert.deepEqual(await hear(id), CONVERSATION)
  assert.equal(opened(), 1)
})

test('an id that was good before is none at another resource, nor altered, nor once its session has ended', async () => {
  const { desk, hear, id, opened } = await place()
  await hear(id)
  // In the middle: not every character may stand at the end of base64url.
  const at = id.length >> 1
  const altered = `${id.slice(0, at)}${id[at] === 'A' ? 'B' : 'A'}${id.slice(at + 1)}`
  for (let again = 0; again < 2; again++) {
    await assert.rejects(hear(id, 'other'))
    await assert.rejects(hear(altered))
    assert.deepEqual(await hear(id), CONVERSATION)
  }
  assert.equal(opened(), 5, 'what is none is not kept')
  desk.end(CONVERSATION.key)
  await assert.rejects(hear(id))
})
