import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Agent } from 'undici'
import { systemClock } from '../../platform/lib/clock.ts'
import { Redactor } from '../../platform/lib/redaction/redactor.ts'
import { UpstreamSlots } from '../../platform/lib/under-way/upstream-slots.ts'
import { answer, type ScriptedServer, serveScript } from '../../platform/net/mcp/testing.ts'
import { OwnedIds } from './ids.ts'
import { send } from './send.ts'

type SendParameters = Parameters<typeof send>

const TASK = { id: 'T1', status: { state: 'TASK_STATE_WORKING' } }
const dispatcher = new Agent()
const key = new Uint8Array(32)
let server: ScriptedServer

before(async () => {
  server = await serveScript(({ message }, reply) => answer(reply, message.id, { task: TASK }))
})
after(async () => {
  await dispatcher.destroy()
  await server.close()
})

/** A permitted message, in a world of which only this is there: whether what it stands on still holds, and for how long. */
function permitted(holds: boolean, notAfter = Number.POSITIVE_INFINITY): SendParameters {
  const resource = { name: 'planner', upstream: server.url }
  const call = {
    ...{ resource, wire: 'SendMessage', isStream: false, headers: {} },
    verdict: {
      ...{ decisionId: 'dec_1', agent: 'bot', person: { id: 'psn_sam' }, task: { id: 'tsk_1' } },
      ...{ obligations: [], settles: [], view: {} },
      ticket: { also: {}, notAfter, deadline: Number.POSITIVE_INFINITY },
    },
    rpc: { kind: 'request', id: 'a', method: 'SendMessage', params: new Map() },
    params: new Map(),
    answer: { gone: new AbortController().signal, decidedBy() {} },
    ids: new OwnedIds({ derive: () => key }, resource, 'tsk_1'),
    redactor: new Redactor([]),
  }
  const ports = {
    dispatcher,
    decisions: {
      clock: systemClock,
      ledger: {},
      live: { holds: () => holds, isHistory: () => true },
    },
    running: { watch: () => () => {} },
    slots: new UpstreamSlots(8),
    mcp: { answersWithin: 5_000, events: 10, resultBytes: 10_000 },
    log: { warn() {} },
  }
  return [call, ports] as unknown as SendParameters // as: only what sending looks at
}

test('nothing is sent when what the permit stands on changed before the first byte', async () => {
  for (const given of [permitted(false), permitted(true, 0)]) {
    const { ended } = await send(...given)
    assert.deepEqual([ended.state, ended.reason], ['not_sent', 'call.no_longer_live'])
  }
  assert.equal(server.asked.length, 0)
})

test('what holds is sent, once, and its answer has ids of this task alone', async () => {
  const { ended } = await send(...permitted(true))
  assert.equal(ended.state, 'answered')
  assert.equal(server.asked.length, 1)
  assert.equal(server.asked[0]?.message.id, 'dec_1')
  const told = ended.reply?.kind === 'result' ? ended.reply.result.get('task') : undefined
  const id = told instanceof Map ? told.get('id') : undefined
  const idsOf = (task: string) =>
    new OwnedIds({ derive: () => key }, { name: 'planner', upstream: server.url }, task)
  assert.equal(idsOf('tsk_1').toAgent('task', String(id)), 'T1')
  assert.equal(idsOf('tsk_2').toAgent('task', String(id)), undefined)
  assert.equal(idsOf('tsk_1').toAgent('context', String(id)), undefined)
})
