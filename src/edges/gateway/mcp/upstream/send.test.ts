import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { Agent } from 'undici'
import { McpSessions } from '../../../../calls/mcp-sessions/mcp-sessions.ts'
import { SpokenRevisions } from '../../../../calls/mcp-sessions/spoken-revisions.ts'
import { systemClock } from '../../../../platform/lib/clock.ts'
import { Redactor } from '../../../../platform/lib/redaction/redactor.ts'
import { UpstreamSlots } from '../../../../platform/lib/under-way/upstream-slots.ts'
import { type ScriptedServer, serveScript } from '../../../../platform/net/mcp/testing.ts'
import { send } from './send.ts'
import { ServerFeeds } from './server-feeds.ts'

type SendParameters = Parameters<typeof send>

const dispatcher = new Agent()
let server: ScriptedServer

before(async () => {
  server = await serveScript()
})
afterEach(() => server.play(() => false))
after(async () => {
  await dispatcher.destroy()
  await server.close()
})

/** A permitted call, in a world of which only this is there: whether what it stands on still holds, and for how long. */
function permitted(holds: () => boolean, notAfter = Number.POSITIVE_INFINITY): SendParameters {
  const verdict = {
    decisionId: 'dec_1',
    ...{ agent: 'bot', person: { id: 'psn_sam' }, task: { id: 'tsk_1' } },
    obligations: [],
    settles: [],
    view: {},
    ticket: { also: {}, notAfter, deadline: Number.POSITIVE_INFINITY },
  }
  const equipped = {
    verdict,
    rpc: { kind: 'request', id: 'a', method: 'tools/call', params: new Map() },
    params: new Map([['name', 'say']]),
    progressToken: undefined,
    cancelled: new AbortController().signal,
    resource: { name: 'notes' },
    conversation: {
      ...{ key: 'k', task: 'tsk_1', revision: '2025-11-25', capabilities: [] },
      upstream: { revision: '2025-11-25', id: 's' },
    },
    redactor: new Redactor([]),
    peer: {
      dispatcher,
      url: server.url,
      headers: {},
      limits: { bytes: 10_000, events: 10, timeMs: 5_000 },
    },
  }
  const ports = {
    decisions: { clock: systemClock, ledger: {}, live: { holds, isHistory: () => true } },
    running: { watch: () => () => {} },
    slots: new UpstreamSlots(8),
    desk: new McpSessions(),
    feeds: new ServerFeeds(),
    spoken: new SpokenRevisions(() => 0),
    log: { warn() {} },
  }
  return [equipped, ports] as unknown as SendParameters // as: only what sending looks at
}

test('nothing is sent when what the permit stands on changed before the first byte', async () => {
  const before = server.asked.length
  const { outcome } = await send(...permitted(() => false))
  assert.equal(outcome.state, 'not_sent')
  assert.equal(outcome.reason, 'call.no_longer_live')
  assert.equal(server.asked.length, before)
})

test('nothing is sent when the token ran out before the first byte', async () => {
  const before = server.asked.length
  const { outcome } = await send(...permitted(() => true, 0))
  assert.equal(outcome.state, 'not_sent')
  assert.equal(server.asked.length, before)
})

test('a call is not sent again in a new session when it is not permitted any more', async () => {
  let holds = true
  server.play(({ message }, reply) => {
    if (message?.method !== 'tools/call') return false
    holds = false
    reply.writeHead(404).end()
    return true
  })
  const { outcome } = await send(...permitted(() => holds))
  assert.equal(outcome.state, 'not_sent', 'the server said that it did nothing')
  assert.equal(server.asked.at(-1)?.message?.method, 'tools/call')
})
