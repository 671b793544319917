import assert from 'node:assert/strict'
import { it } from 'node:test'
import { answer, stream } from '../../src/platform/net/mcp/testing.ts'
import { messagesOf, rpcOf } from '../mcp/place.ts'
import { send } from '../wire.ts'
import { inOneWorld } from '../world.ts'
import { ask, MESSAGE, standing, TASK, VERSION } from './scripted.ts'

inOneWorld('what ordinary clients of A2A send, and how they are answered', (world) => {
  const at = standing(world)
  const begin = async () => at.place.bare(await at.place.open())

  it('G4: names in snake case are those of JSON, and reach the agent in one spelling', async () => {
    const session = await begin()
    at.result({ task: TASK })
    const params = {
      message: {
        ...{ message_id: 'm', role: 'ROLE_USER', context_id: '' },
        parts: [{ text: 'hi', media_type: 'text/plain' }],
        metadata: { some_thing: 1 },
      },
      configuration: { history_length: 3, return_immediately: true },
    }
    const sent = rpcOf(await ask(session, 'SendMessage', params))
    assert.ok(sent.result?.task, JSON.stringify(sent))
    assert.deepEqual(at.calls().at(-1)?.message.params, {
      message: {
        ...{ messageId: 'm', role: 'ROLE_USER' },
        parts: [{ text: 'hi', mediaType: 'text/plain' }],
        metadata: { some_thing: 1 },
      },
      configuration: { historyLength: 3, returnImmediately: true },
    })
    at.result({ tasks: [] })
    const { contextId } = sent.result.task
    const list = { context_id: contextId, page_size: 5, include_artifacts: true }
    assert.ok(rpcOf(await ask(session, 'ListTasks', list)).result)
    const read = at.calls().at(-1)?.message.params
    assert.deepEqual(read, { contextId: 'C1', pageSize: 5, includeArtifacts: true })
    const query = `context_id=${contextId}&page_size=5&include_artifacts=true`
    const rest = { method: 'GET', path: `/tasks?${query}`, headers: VERSION }
    assert.equal((await session.send(undefined, rest)).status, 200)
    assert.deepEqual(at.calls().at(-1)?.message.params, read)
    const hook = { task_push_notification_config: { url: 'http://169.254.169.254/' } }
    const refused = await ask(session, 'SendMessage', { message: MESSAGE, configuration: hook })
    assert.equal(rpcOf(refused).error?.code, -32003)
  })

  it('G4: a context that a client chooses is its own, and none that the agent gave to another', async () => {
    const [mine, other] = [await begin(), await begin()]
    const heard = async (session: typeof mine, contextId: string) => {
      at.play(({ message }, reply) => {
        const { contextId: own } = message.params.message
        return answer(reply, message.id, { task: { ...TASK, contextId: own } })
      })
      const { task } = rpcOf(
        await ask(session, 'SendMessage', { message: { ...MESSAGE, contextId } }),
      ).result
      assert.equal(task.contextId, contextId, 'the client knows it by its own name')
      return String(at.calls().at(-1)?.message.params.message.contextId)
    }
    const [one, again, another] = [
      await heard(mine, 'C1'),
      await heard(mine, 'C1'),
      await heard(other, 'C1'),
    ]
    assert.equal(one, again)
    assert.equal(new Set([one, another, 'C1']).size, 3)
    // One that the agent made for another is a new one, too.
    at.result({ task: TASK })
    const { task } = rpcOf(await ask(mine, 'SendMessage', { message: MESSAGE })).result
    assert.equal(await heard(mine, task.contextId), 'C1')
    assert.notEqual(await heard(other, task.contextId), 'C1')
    // The mark itself opens nothing to another.
    assert.notEqual(await heard(other, one), one)
    at.result({ tasks: [{ ...TASK, contextId: one }, TASK] })
    const { tasks } = rpcOf(await ask(mine, 'ListTasks', { contextId: 'C1' })).result
    assert.deepEqual(
      tasks.map((each: { contextId: string }) => each.contextId),
      ['C1'],
    )
  })

  it('G4: every stream of a task has the same events, and a header names the decision', async () => {
    const session = await begin()
    at.result({ task: TASK })
    const { task } = rpcOf(await ask(session, 'SendMessage', { message: MESSAGE })).result
    assert.match(task.metadata['remit/decision'], /^dec_/)
    at.play(({ message }, reply) => {
      const event = (result: object) => ({ jsonrpc: '2.0', id: message.id, result })
      stream(reply, event({ task: TASK }), event({ statusUpdate: { ...TASK, taskId: 'T1' } }))
      reply.end()
      return true
    })
    const streams = [1, 2].map(() => ask(session, 'SubscribeToTask', { id: task.id }))
    const [one, two] = await Promise.all(streams)
    assert.ok(one && two)
    const events = (told: typeof one) => messagesOf(told).map((each) => JSON.stringify(each.result))
    assert.equal(events(one).length, 2)
    assert.deepEqual(events(one), events(two))
    assert.match(String(one.headers['remit-decision']), /^dec_/)
    assert.notEqual(one.headers['remit-decision'], two.headers['remit-decision'])
  })

  it('G4: an error of the agent is told as it told it, without its own ids', async () => {
    const session = await begin()
    at.result({ task: TASK })
    const { task } = rpcOf(await ask(session, 'SendMessage', { message: MESSAGE })).result
    const error = { code: -32004, message: 'task T1 of C1 is over (T12, xT1)' }
    at.play(({ message }, reply) => {
      reply.setHeader('content-type', 'application/json')
      return Boolean(reply.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error })))
    })
    const told = await ask(session, 'SubscribeToTask', { id: task.id })
    assert.equal(told.headers['content-type'], 'application/json')
    const words = rpcOf(told).error
    assert.equal(words.code, -32004)
    assert.ok(words.message.includes(`task ${task.id} of C1 is over (T12, xT1)`), words.message)
    const about = { ...MESSAGE, taskId: task.id, contextId: task.contextId }
    const both = rpcOf(await ask(session, 'SendMessage', { message: about })).error.message
    assert.ok(both.includes(`task ${task.id} of ${task.contextId} is over`), both)
    at.play(({ message }, reply) => {
      stream(reply, { jsonrpc: '2.0', id: message.id, error })
      return true
    })
    const event = await ask(session, 'SubscribeToTask', { id: task.id })
    assert.equal(event.headers['content-type'], 'text/event-stream')
    assert.equal(messagesOf(event).at(-1).error.code, -32004)
  })

  it('G4: the public card may be kept for a while, and is asked for by its tag', async () => {
    const url = `${at.place.identifier}/.well-known/agent-card.json`
    const card = await send(url)
    const { etag = '' } = card.headers
    assert.match(String(card.headers['cache-control']), /^public, max-age=\d+$/)
    assert.match(etag, /^"[\w-]{43}"$/)
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const same = await send(url, { headers: [['If-None-Match', tag]] })
      assert.deepEqual([same.status, same.text, same.headers.etag], [304, '', etag], tag)
      assert.equal(same.headers['content-type'], undefined)
    }
    assert.equal((await send(url, { headers: [['If-None-Match', '"other"']] })).status, 200)
  })
})
