import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { setRisk } from '../../src/catalog/catalog-changes/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { PAGE, say } from '../mcp/asking.ts'
import { rpcOf } from '../mcp/place.ts'
import { Stranger, VERIFIER } from '../mcp/stranger.ts'
import { type Answer, send } from '../wire.ts'
import { inOneWorld } from '../world.ts'
import { DONE, MESSAGE, standing, TASK, VERSION } from './scripted.ts'

inOneWorld('a client of an agent that knows nothing but an address', (world) => {
  const at = standing(world)

  before(async () => {
    const { id } = await world().person('ada')
    const rule = { name: 'this-computer', redirectHosts: ['localhost'], trust: 2 }
    const { agents, connections } = world().rooms
    await setRisk(connections, { action: 'scripted.send-message', risk: 'high', by: id })
    const ceiling = at.place.details()
    await addAdmissionRule(agents, { ...rule, ceiling, ownerId: id, by: id })
  })

  /** Lets a client in by the page on which its person says what it may do; its token. */
  async function enter(): Promise<string> {
    const stranger = await Stranger.arrive(world(), 'Trips in a box')
    await stranger.register()
    const page = await stranger.ask('sam', stranger.asking(at.place.identifier))
    const back = await stranger.answered(page)
    const over = { code_verifier: VERIFIER }
    const { body, status } = await stranger.redeem(back, at.place.identifier, over)
    assert.deepEqual([status, body.token_type], [200, 'Bearer'], JSON.stringify(body))
    return String(body.access_token)
  }

  const rest = (token: string, method: string, path: string, body?: object): Promise<Answer> =>
    send(at.place.identifier + path, {
      method,
      headers: [
        ['Authorization', `Bearer ${token}`],
        ...Object.entries(VERSION),
        ...(body === undefined ? [] : [['Content-Type', 'application/json'] as const]),
      ],
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const rpc = async (token: string, method: string, params: object) =>
    rpcOf(await rest(token, 'POST', '', { jsonrpc: '2.0', id: 1, method, params }))
  const naming = (skillId: string, messageId = skillId) => ({
    message: { ...MESSAGE, messageId, metadata: { skillId } },
  })

  it('is told by the agent where to ask, and nothing about skills', async () => {
    const refused = await send(`${at.place.identifier}/message:send`, {
      method: 'POST',
      body: '{}',
    })
    assert.equal(refused.status, 401)
    const header = String(refused.headers['www-authenticate'])
    const [, address = ''] = /^Bearer resource_metadata="([^"]+)", DPoP /.exec(header) ?? []
    const { body } = await send(address)
    assert.deepEqual(
      [body.resource, body.scopes_supported, body.dpop_bound_access_tokens_required],
      [at.place.identifier, undefined, false],
    )
  })

  it('is let in by its person, calls by each binding, and knows its own tasks only', async () => {
    at.result({ task: TASK })
    const [mine, other] = [await enter(), await enter()]
    const { task } = (await rpc(mine, 'SendMessage', naming('quote'))).result
    at.result({ ...TASK, status: DONE })
    assert.equal((await rest(mine, 'GET', `/tasks/${task.id}`)).status, 200)
    const before = at.calls().length
    assert.equal((await rest(other, 'GET', `/tasks/${task.id}`)).status, 404)
    assert.equal((await rpc(other, 'GetTask', { id: task.id })).error.code, -32001)
    assert.equal((await rest(`${mine}x`, 'GET', `/tasks/${task.id}`)).status, 401)
    assert.equal(at.calls().length, before)
  })

  it('waits for a person with what policy asks about, and with what is of high risk', async () => {
    const token = await enter()
    at.result({ task: TASK })
    const before = at.calls().length
    const waiting = async (params: object) => {
      const { task } = (await rpc(token, 'SendMessage', params)).result
      assert.equal(task.status.state, 'TASK_STATE_AUTH_REQUIRED')
      return task
    }
    await waiting({ message: { ...MESSAGE, messageId: 'high' } })
    const { id, status } = await waiting(naming('book'))
    assert.equal((await rest(token, 'GET', `/tasks/${id}`)).status, 200)
    assert.equal(at.calls().length, before)
    await say(world(), String(PAGE.exec(status.message.parts[0].text)), /^Approve once/)
    const told = await Promise.all([1, 2, 3].map(() => rest(token, 'GET', `/tasks/${id}`)))
    assert.deepEqual(
      told.map((each) => each.status),
      [200, 200, 200],
    )
    const sent = at.calls().slice(before)
    assert.equal(sent.filter(({ message }) => message.method === 'SendMessage').length, 1)
  })
})
