import assert from 'node:assert/strict'
import { it } from 'node:test'
import { linkClient, setCeiling } from '../../src/identity/agents/index.ts'
import { grantBasis } from '../../src/tasks/consent/index.ts'
import { closeTask, listTasks } from '../../src/tasks/tasks/index.ts'
import { addAgent } from '../delegation.ts'
import { rpcOf, type Session } from '../mcp/place.ts'
import { send } from '../wire.ts'
import { inOneWorld } from '../world.ts'
import { ask, MESSAGE, standing, TASK, VERSION } from './scripted.ts'

const PAGE = /http\S+\/consent\/cns_\S+/

inOneWorld('a message that the task of the caller does not include', (world) => {
  const at = standing(world, 'trips', ['skill-quote', 'skill-book', 'skill-never', 'send-message'])

  const naming = (skillId: string, messageId = 'm') => ({
    message: { ...MESSAGE, messageId, metadata: { skillId } },
  })
  const only = (...operations: readonly string[]) =>
    at.place.details(operations.map((operation) => `trips.${operation}`))
  const begin = async (...operations: readonly string[]) =>
    at.place.bare(await at.place.open(only('get-task', ...operations)))
  const sent = () => at.calls().filter(({ message }) => message.method === 'SendMessage').length

  async function waiting(session: Session, params: object) {
    const { task } = rpcOf(await ask(session, 'SendMessage', params)).result
    assert.equal(task.status.state, 'TASK_STATE_AUTH_REQUIRED')
    return { id: String(task.id), page: String(PAGE.exec(task.status.message.parts[0].text)) }
  }
  const stateOf = async (session: Session, id: string) => {
    const { result } = rpcOf(await ask(session, 'GetTask', { id }))
    return `${result.status.state} ${result.metadata['remit/authority'].state}`
  }

  /** Requests of another agent, which reads tasks there for the same person. */
  async function anotherAgent() {
    const w = world()
    const helper = await addAgent(w, 'helper-bot', 'ada')
    const details = only('get-task')
    const client = { issuer: w.provider, clientId: helper.id }
    await linkClient(w.rooms.agents, { agentId: helper.id, ...client, by: 'operator' })
    await setCeiling(w.rooms.agents, { agentId: helper.id, ceiling: details, by: 'operator' })
    const { id: personId } = await w.person('sam')
    await grantBasis(w.rooms.decisions, {
      ...{ personId, agentId: helper.id, kind: 'consent', grantedBy: personId },
      details: details as Parameters<typeof grantBasis>[1]['details'], // as: written by `only`
    })
    const task = await w.open({ details }, { agent: helper })
    const url = at.place.identifier
    const token = await helper.token(task, url)
    return async (method: string, params: object) =>
      send(url, {
        method: 'POST',
        headers: [
          ['Authorization', `DPoP ${token}`],
          ['DPoP', await helper.proof(task.key, { method: 'POST', url, token })],
          ['Content-Type', 'application/json'],
          ...Object.entries(VERSION),
        ],
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      })
  }

  it('waits for its person; what they allow is for another task, which sends it once', async () => {
    at.result({ task: TASK })
    const session = await begin()
    const all = await Promise.all([1, 2, 3, 4].map(() => waiting(session, naming('quote'))))
    const [first] = all
    assert.ok(first)
    assert.deepEqual(new Set(all.map(({ id }) => id)).size, 1, 'one question, however often')
    assert.equal(await stateOf(session, first.id), 'TASK_STATE_AUTH_REQUIRED pending')
    const fiona = await world().browser('fiona')
    assert.equal((await fiona.get(first.page)).status, 404, 'it is not her question')
    const sam = await world().browser('sam')
    assert.equal((await sam.allow(await sam.get(first.page))).status, 200)
    assert.equal(await stateOf(session, first.id), 'TASK_STATE_FAILED granted')
    const again = rpcOf(await ask(session, 'SendMessage', naming('quote')))
    assert.equal(again.error.code, -32602, 'this task has no more than before')
    assert.equal(sent(), 0)
    const wider = await begin('skill-quote')
    assert.equal(await stateOf(wider, first.id), 'TASK_STATE_FAILED granted', 'the same agent asks')
    assert.ok(rpcOf(await ask(wider, 'SendMessage', naming('quote'))).result.task)
    assert.equal(sent(), 1)
    const other = rpcOf(await ask(wider, 'SendMessage', naming('never')))
    assert.equal(other.error.code, -32602, 'a yes to one skill is none to another')
  })

  it('is asked about once in a while only: a no stands, and nobody else knows of the question', async () => {
    const before = at.calls().length
    const session = await begin()
    const { id, page } = await waiting(session, { message: MESSAGE })
    for (const foreign of [`${id}x`, 'cns_nobody'])
      assert.equal(rpcOf(await ask(session, 'GetTask', { id: foreign })).error.code, -32001)
    const stranger = await anotherAgent()
    assert.equal(rpcOf(await stranger('GetTask', { id })).error.code, -32001)
    assert.ok(rpcOf(await stranger('GetTask', { id: 'T1' })).error, 'it is let in')
    assert.equal(rpcOf(await ask(session, 'CancelTask', { id })).error.code, -32002)
    const about = { message: { ...MESSAGE, taskId: id } }
    assert.equal(rpcOf(await ask(session, 'SendMessage', about)).error.code, -32001)
    const sam = await world().browser('sam')
    assert.equal((await sam.submit(await sam.get(page), /^Refuse/, {})).status, 200)
    assert.equal(await stateOf(session, id), 'TASK_STATE_REJECTED denied')
    const told = rpcOf(await ask(session, 'SendMessage', { message: MESSAGE })).error
    assert.deepEqual([told.code, told.data[0].reason], [-32050, 'task.not_covered'])
    assert.equal(at.calls().length, before)
  })

  it('asks nobody about what policies forbid, or what the agent could never get', async () => {
    const session = await begin()
    const questions = async () =>
      (await world().ledger()).filter(({ type }) => type === 'consent.requested').length
    const before = await questions()
    for (const skillId of ['never', 'unheard-of']) {
      const { error } = rpcOf(await ask(session, 'SendMessage', naming(skillId)))
      assert.deepEqual([error.code, error.message], [-32602, 'the agent has no such skill'])
    }
    assert.equal(await questions(), before)
    // Beyond its ceiling from now on.
    const { agents } = world().rooms
    const by = 'operator'
    await setCeiling(agents, { agentId: 'refund-bot', ceiling: only('get-task'), by })
    const narrow = await begin()
    const { error } = rpcOf(await ask(narrow, 'SendMessage', naming('book')))
    assert.deepEqual([error.code, error.message], [-32602, 'the agent has no such skill'])
    assert.equal(await questions(), before)
  })

  it('asks nobody once the task has ended', async () => {
    const task = await at.place.open(only('get-task'))
    const session = await at.place.bare(task)
    const { decisions } = world().rooms
    const [found] = await listTasks(decisions.storage.read, { agentId: 'refund-bot', limit: 1 })
    assert.equal(found?.id, task.id)
    await closeTask(decisions, { taskId: found.id, by: 'operator', reason: 'test' })
    assert.equal((await ask(session, 'SendMessage', naming('book'))).status, 401)
  })
})
