import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { suspendResource } from '../../../catalog/catalog-changes/index.ts'
import { resumeAgent, suspendAgent } from '../../../identity/agents/index.ts'
import { suspendPerson } from '../../../identity/sessions/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { findDecision, listDecisions } from '../../../tasks/decision-log/decision-store.ts'
import { closeTask } from '../../../tasks/tasks/index.ts'
import { decideCall } from '../decide-call.ts'
import { mayContinue, stillLive } from '../still-live.ts'
import { type HeldTask, ORDERS, READ, type World, worldsOver } from '../testing.ts'
import { type AdmissionRequest, type AdmittedRequest, admit } from './admit.ts'

forEachEngine('a request that calls no action', (open) => {
  const worlds = worldsOver(open)

  async function begin(t?: TestContext): Promise<{ world: World; held: HeldTask; token: string }> {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const held = await world.open()
    return { world, held, token: await world.token(held) }
  }

  /** POST at the resource itself, as MCP does. */
  async function knock(
    { held, token, world }: Awaited<ReturnType<typeof begin>>,
    over: Partial<AdmissionRequest> = {},
  ): Promise<AdmissionRequest> {
    const { origin, resource } = await world.call(held, token, READ)
    const method = 'POST'
    const proof = world.proof(held.key, { method, url: ORDERS, token })
    return { token, scheme: 'DPoP', proof, method, url: ORDERS, resource, origin, ...over }
  }

  async function written(world: World) {
    return (await world.parts.recorded()).map(({ type }) => type)
  }

  test('is let in by token and proof, and rests on live state as calls do', async () => {
    const begun = await begin()
    const { held, world } = begun
    const answer = await admit(world.parts, await knock(begun))
    assert.ok(answer.outcome === 'admitted', JSON.stringify(answer))
    assert.equal(answer.task.id, held.opened.task.id)
    assert.deepEqual([answer.agent, answer.chain], ['refund-bot', ['refund-bot']])
    assert.equal(answer.person.subject, 'sam')
    assert.equal(stillLive(world.parts, answer), true)
    const taskId = held.opened.task.id
    await closeTask(world.parts, { taskId, by: 'psn_admin', reason: 'person' })
    assert.equal(stillLive(world.parts, answer), false)
    assert.equal(mayContinue(world.parts, answer), false)
  })

  test('outlives its token as a stream, not its task', async () => {
    const begun = await begin()
    const { parts } = begun.world
    const answer = await admit(parts, await knock(begun))
    assert.ok(answer.outcome === 'admitted')
    const later = (ms: number) => ({
      ...parts,
      clock: { ...parts.clock, now: () => parts.clock.now() + ms },
    })
    assert.equal(stillLive(later(299_000), answer), true)
    assert.equal(stillLive(later(300_000), answer), false)
    assert.equal(mayContinue(later(300_000), answer), true)
    assert.equal(mayContinue(later(3_599_000), answer), true)
    assert.equal(mayContinue(later(3_600_000), answer), false)
  })

  test('uses up its proof, whoever races, and writes nothing else', async () => {
    const begun = await begin()
    const { held, world } = begun
    const asked = await knock(begun)
    const before = (await written(world)).length
    const answers = await Promise.all(Array.from({ length: 16 }, () => admit(world.parts, asked)))
    const admitted = answers.filter((each): each is AdmittedRequest => each.outcome === 'admitted')
    assert.equal(admitted.length, 1)
    const taskId = held.opened.task.id
    const rows = await listDecisions(world.parts.storage.read, { taskId, limit: 50 })
    assert.equal(rows.length, 15)
    assert.ok(rows.every(({ reason }) => reason === 'proof.replayed'))
    const types = (await written(world)).slice(before)
    assert.deepEqual(types, Array(15).fill('decision.denied'))
  })

  test('that begins a session is recorded, in the transaction that uses up its proof', async () => {
    const begun = await begin()
    const { held, world } = begun
    const asked = await knock(begun, { record: 'session' })
    assert.equal((await admit(world.parts, asked)).outcome, 'admitted')
    assert.equal((await admit(world.parts, asked)).outcome, 'deny')
    const types = (await world.parts.recorded())
      .filter(({ task }) => task === held.opened.task.id)
      .map(({ type }) => type)
    assert.deepEqual(types.slice(-2), ['mcp.session_opened', 'decision.denied'])
  })

  test('that is refused uses up its proof, too, and is recorded without an action', async (t) => {
    const begun = await begin(t)
    const { world } = begun
    const asked = await knock(begun)
    await suspendAgent(world.parts, { agentId: 'refund-bot', by: 'psn_admin', reason: '' })
    const refused = await admit(world.parts, asked)
    assert.ok(refused.outcome === 'deny')
    assert.equal(refused.reason, 'agent.suspended')
    const row = await findDecision(world.parts.storage.read, refused.decisionId)
    assert.deepEqual(
      [row?.outcome, row?.reason, row?.action, row?.resource],
      ['deny', 'agent.suspended', null, 'orders'],
    )
    const records = (await world.parts.recorded()).filter(
      ({ decision_id }) => decision_id === refused.decisionId,
    )
    assert.deepEqual(
      records.map(({ type }) => type),
      ['decision.denied'],
    )
    await resumeAgent(world.parts, { agentId: 'refund-bot', by: 'psn_admin', reason: '' })
    const again = await admit(world.parts, asked)
    assert.ok(again.outcome === 'deny')
    assert.equal(again.reason, 'proof.replayed')
  })

  test('is refused while the API, or the owner of an agent, is suspended', async (t) => {
    const begun = await begin(t)
    const { world } = begun
    const { id } = world.ada
    await suspendPerson(world.parts, { personId: id, by: 'psn_admin', reason: '' })
    const owner = await admit(world.parts, await knock(begun))
    assert.equal(owner.outcome === 'deny' && owner.reason, 'agent.owner_suspended')
    const other = await begin(t)
    const asked = await knock(other)
    const parts = { ...other.world.parts, revalidate: async () => {} }
    await suspendResource(parts, { name: 'orders', by: 'psn_admin', reason: '' })
    const resource = await admit(other.world.parts, asked)
    assert.equal(resource.outcome === 'deny' && resource.reason, 'resource.suspended')
  })

  test('needs a token, and the key that it is bound to', async () => {
    const begun = await begin()
    const { held, token, world } = begun
    const stranger = await world.open()
    const url = ORDERS
    const wrong: readonly (readonly [Partial<AdmissionRequest>, string])[] = [
      [{ token: undefined }, 'token.missing'],
      [{ scheme: 'Bearer', proof: undefined }, 'token.wrong_scheme'],
      [{ proof: undefined }, 'proof.missing'],
      [{ proof: world.proof(held.key, { method: 'GET', url, token }) }, 'proof.wrong_request'],
      [{ proof: world.proof(held.key, { method: 'POST', url }) }, 'proof.wrong_token'],
      [{ proof: world.proof(stranger.key, { method: 'POST', url, token }) }, 'proof.wrong_key'],
    ]
    for (const [over, reason] of wrong) {
      const answer = await admit(world.parts, await knock(begun, over))
      assert.equal(answer.outcome === 'deny' && answer.reason, reason)
    }
  })

  test('is refused when the resource became another place meanwhile', async () => {
    const begun = await begin()
    const asked = await knock(begun)
    const resource = { ...asked.resource, upstream: 'http://127.0.0.1:1' }
    const answer = await admit(begun.world.parts, { ...asked, resource })
    assert.equal(answer.outcome === 'deny' && answer.reason, 'catalog.changed')
  })

  test('stands for no call: its proof is used up and names another request', async () => {
    const begun = await begin()
    const { held, token, world } = begun
    const asked = await knock(begun)
    assert.equal((await admit(world.parts, asked)).outcome, 'admitted')
    const call = await world.call(held, token, READ, { proof: asked.proof })
    const verdict = await decideCall(world.parts, call)
    assert.equal(verdict.outcome === 'deny' && verdict.reason, 'proof.wrong_request')
    const same = { ...call, method: asked.method, url: asked.url }
    const replayed = await decideCall(world.parts, same)
    assert.equal(replayed.outcome === 'deny' && replayed.reason, 'proof.replayed')
  })
})
