import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { findRequest } from '../../../../approvals/access-requests/index.ts'
import { type HeldTask, refund, type World, worldsOver } from '../../../../calls/calls/testing.ts'
import { changeClient, removeClient } from '../../../../identity/machine-clients/index.ts'
import { clientWith, machinesOf } from '../../../../identity/machine-clients/testing.ts'
import { newId } from '../../../../platform/lib/id.ts'
import { outbound } from '../../../../platform/net/index.ts'
import { forEachEngine } from '../../../../platform/storage/testing.ts'
import { denialStep } from '../submission-store.ts'
import { submitRequest } from '../submit.ts'
import { cancelSubmitted } from '../submitted.ts'
import type { CallbackWish } from './callback.ts'
import { insertPendingCallback } from './callback-store.ts'
import { callBackOnce } from './send-callbacks.ts'
import { type CallbackParts, setCallback } from './set-callback.ts'

interface CallbackMessage {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

type Behaviour = (reply: ServerResponse) => void

const taken: Behaviour = (reply) => void reply.writeHead(204).end()

/** Server that an enforcement point is called back at, and a helper that says what came. */
async function listener(t: TestContext) {
  const heard: CallbackMessage[] = []
  const at = { behave: taken }
  const server = createServer(async (request, reply) => {
    const body = Buffer.concat(await request.toArray()).toString()
    heard.push({ headers: request.headers, body })
    at.behave(reply)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo // listening on TCP
  return { at, heard, origin: `http://127.0.0.1:${port}` }
}

forEachEngine('an enforcement point is called back', (open) => {
  const worlds = worldsOver(open)

  /** The enforcement point `mesh`, and one call that it was denied after the other. */
  async function desk(t: TestContext) {
    const world = await worlds.own(t)
    const ears = await listener(t)
    const clients = machinesOf(world.parts)
    const mesh = await clientWith(clients, 'mesh', 'pep', { namesTasks: true })
    const held = await world.open()
    const token = await world.token(held)
    const out = outbound({ allowOrigins: (origin) => origin === ears.origin })
    t.after(() => out.close())
    const parts = { ...world.parts, outbound: out, origins: [ears.origin] }
    let amount = 700
    const submitted = async (callback: CallbackWish, more = 0) => {
      const items = []
      for (let i = 0; i <= more; i++)
        items.push(await deniedCall(world, held, token, `${++amount}.00`))
      const given = {
        ...{ items, callback, actors: [], idempotencyKey: undefined },
        ...{ bodyDigest: 'digest', kept: {} },
      }
      return submitRequest(world.parts, mesh.client, given)
    }
    const endpoint = `${ears.origin}/ended?to=mesh`
    const set = () => setCallback(parts, { id: 'mesh', url: endpoint, by: 'psn_ada' })
    const secret = (await set())?.secret.reveal() ?? ''
    const outcomes = async () =>
      (await world.parts.recorded())
        .filter(({ type }) => type === 'approval.called_back')
        .map(({ facts, outcome }) => [outcome, facts?.attempts])
    return { clients, ears, endpoint, mesh, outcomes, parts, secret, set, submitted, world }
  }

  /** A call that people have to be asked about, as an evaluation of `mesh` would have denied it. */
  async function deniedCall(world: World, held: HeldTask, token: string, wanted: string) {
    const { parts } = world
    const verdict = await world.decide(held, token, refund(wanted))
    assert.ok(verdict.outcome === 'requestable')
    const question = await findRequest(parts, verdict.request.id)
    assert.ok(question)
    const id = newId('decision', parts.random)
    const expiresAt = parts.clock.now() + 60_000
    const denial = { id, pep: 'mesh', bindingHash: wanted, question, insufficient: [], expiresAt }
    await parts.storage.commit([denialStep(parts.storage.read, denial)])
    const [requestedUntil, item] = [undefined, undefined]
    return { evaluationId: id, bindingHash: wanted, expiresAt, requestedUntil, item }
  }

  const wish = (endpoint: string, over: Partial<CallbackWish> = {}): CallbackWish => ({
    ...{ endpoint, state: 'flow-7', events: null },
    ...over,
  })

  test('once it ended: signed, once for all replicas, a hint and nothing more', async (t) => {
    const { ears, endpoint, outcomes, parts, secret, submitted, world } = await desk(t)
    const [{ made, request }] = await submitted(wish(endpoint))
    await callBackOnce(parts)
    assert.equal(ears.heard.length, 0, 'it waits')
    await world.answer(request.id, world.finn, 'approve')
    await Promise.all(Array.from({ length: 8 }, () => callBackOnce(parts)))
    await callBackOnce(parts)
    assert.equal(ears.heard.length, 1)
    const [{ body, headers }] = ears.heard as [CallbackMessage]
    assert.deepEqual(JSON.parse(body), {
      state: 'flow-7',
      task: {
        ...{ id: made.id, status: 'approved' },
        status_endpoint: `${parts.issuer}/access/v1/requests/${made.id}`,
      },
    })
    assert.doesNotMatch(body, new RegExp(made.approvalId))
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const { 'webhook-id': id, 'webhook-timestamp': at } = headers
    const mac = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')
    assert.deepEqual([headers['webhook-signature'], id], [`v1,${mac}`, made.id])
    assert.deepEqual(await outcomes(), [['told', 1]])
  })

  test('what fails is tried again under the same id, later each time, and is given up', async (t) => {
    const { ears, endpoint, outcomes, parts, submitted, world } = await desk(t)
    const [{ request }] = await submitted(wish(endpoint))
    await world.answer(request.id, world.finn, 'deny')
    ears.at.behave = (reply) => void reply.writeHead(503).end()
    await callBackOnce(parts)
    await callBackOnce(parts)
    assert.equal(ears.heard.length, 1, 'not before its time')
    ears.at.behave = taken
    parts.clock.advance(10_000)
    await callBackOnce(parts)
    assert.equal(ears.heard.length, 2)
    const ids = ears.heard.map(({ headers }) => headers['webhook-id'])
    assert.equal(new Set(ids).size, 1, 'a receiver can tell a repetition')
    assert.deepEqual(await outcomes(), [['told', 2]])

    const [other] = await submitted(wish(endpoint))
    await world.answer(other.request.id, world.finn, 'deny')
    ears.at.behave = (reply) => void reply.destroy()
    for (let i = 0; i < 9; i++) {
      await callBackOnce(parts)
      parts.clock.advance(3_600_000)
    }
    assert.equal(ears.heard.length, 2 + 7)
    assert.deepEqual((await outcomes()).at(-1), ['failed', 7])
  })

  test('V2: never where it leads inside, whatever it is called, and by no redirect', async (t) => {
    const { ears, endpoint, outcomes, parts, submitted, world } = await desk(t)
    const target = await listener(t)
    const ended = async () => {
      const [{ request }] = await submitted(wish(endpoint))
      await world.answer(request.id, world.finn, 'deny')
    }
    for (const status of [301, 307, 308]) {
      await ended()
      ears.at.behave = (reply) =>
        void reply.writeHead(status, { location: `${target.origin}/x` }).end()
      await callBackOnce(parts)
    }
    assert.equal(target.heard.length, 0)
    assert.deepEqual(await outcomes(), Array(3).fill(['failed', 1]))

    const url = 'https://mesh.example/ended'
    await setCallback(parts, { id: 'mesh', url, by: 'psn_ada' })
    for (const [address, family] of [
      ['127.0.0.1', 4],
      ['10.0.0.7', 4],
      ['169.254.169.254', 4],
      ['::1', 6],
      ['64:ff9b::7f00:1', 6],
    ] as const) {
      const [{ request }] = await submitted(wish(url))
      await world.answer(request.id, world.finn, 'deny')
      const out = outbound({
        allowOrigins: () => false,
        resolver: async () => [{ address, family }],
      })
      t.after(() => out.close())
      await callBackOnce({ ...parts, outbound: out })
    }
    assert.equal(ears.heard.length, 3)
    assert.deepEqual((await outcomes()).slice(3), Array(5).fill(['failed', 1]))
    for (const wrong of ['http://mesh.example/', 'https://a:b@mesh.example/', 'file:///x', ''])
      await assert.rejects(setCallback(parts, { id: 'mesh', url: wrong, by: 'psn_ada' }), {
        code: 'notification.bad_address',
      })
  })

  test('a huge answer and none at all cost little, and are trouble that passes', async (t) => {
    const { ears, endpoint, outcomes, parts, submitted, world } = await desk(t)
    const limited: CallbackParts = {
      ...parts,
      outbound: {
        fetch(url, init, limits = {}) {
          assert.ok((limits.timeoutMs ?? Infinity) <= 10_000)
          assert.ok((limits.maxBytes ?? Infinity) <= 65_536)
          return parts.outbound.fetch(url, init, { ...limits, timeoutMs: 100 })
        },
      },
    }
    const [{ request }] = await submitted(wish(endpoint))
    await world.answer(request.id, world.finn, 'deny')
    ears.at.behave = (reply) => void reply.writeHead(200).end(Buffer.alloc(1 << 20))
    await callBackOnce(parts)
    ears.at.behave = () => {}
    parts.clock.advance(10_000)
    await callBackOnce(limited)
    assert.deepEqual(await outcomes(), [])
    ears.at.behave = taken
    parts.clock.advance(60_000)
    await callBackOnce(parts)
    assert.deepEqual(await outcomes(), [['told', 3]])
  })

  test('only at the address that is registered for it, then and now', async (t) => {
    const { clients, ears, endpoint, outcomes, parts, submitted, world } = await desk(t)
    const other = await listener(t)
    await clientWith(clients, 'other', 'pep', { namesTasks: true })
    const url = `${other.origin}/ended`
    const both = { ...parts, origins: [ears.origin, other.origin] }
    await setCallback(both, { id: 'other', url, by: 'psn_ada' })
    for (const foreign of [url, `${endpoint}&x=1`, endpoint.replace('http:', 'HTTP:'), ''])
      await assert.rejects(submitted(wish(foreign)), { code: 'access_request.unknown_callback' })

    const [first] = await submitted(wish(endpoint))
    await setCallback(parts, { id: 'mesh', url: null, by: 'psn_ada' })
    await world.answer(first.request.id, world.finn, 'deny')
    await callBackOnce(parts)
    await setCallback(parts, { id: 'mesh', url: endpoint, by: 'psn_ada' })
    const [moved] = await submitted(wish(endpoint))
    await setCallback(parts, { id: 'mesh', url: `${endpoint}&moved`, by: 'psn_ada' })
    await world.answer(moved.request.id, world.finn, 'deny')
    await callBackOnce(parts)
    await setCallback(parts, { id: 'mesh', url: endpoint, by: 'psn_ada' })
    const [second] = await submitted(wish(endpoint))
    await removeClient(clients, { id: 'mesh', by: 'psn_ada' })
    await world.answer(second.request.id, world.finn, 'deny')
    await callBackOnce(parts)
    assert.equal(ears.heard.length + other.heard.length, 0)
    assert.deepEqual(await outcomes(), Array(3).fill(['withdrawn', 1]))
  })

  test('of the end of all items, and only of what it wants to hear', async (t) => {
    const { ears, endpoint, mesh, outcomes, parts, submitted, world } = await desk(t)
    const [first, second] = await submitted(wish(endpoint, { events: ['partial', 'sold'] }), 1)
    assert.ok(second)
    await world.answer(first.request.id, world.finn, 'approve')
    await callBackOnce(parts)
    assert.equal(ears.heard.length, 0, 'one of them waits')
    await world.answer(second.request.id, world.finn, 'deny')
    await callBackOnce(parts)
    assert.equal(JSON.parse(ears.heard[0]?.body ?? '').task.status, 'partial')

    const [cancelled] = await submitted(wish(endpoint, { events: ['approved'], state: null }))
    await cancelSubmitted(parts, mesh.client, { id: cancelled.made.id, kept: {} })
    parts.clock.advance(86_400_000)
    await callBackOnce(parts)
    assert.equal(ears.heard.length, 1)
    assert.deepEqual(await outcomes(), [['told', 1]])
  })

  test('one with many makes no others wait', async (t) => {
    const { ears, endpoint, outcomes, parts, submitted, world } = await desk(t)
    for (let i = 0; i < 12; i++) {
      const [{ request }] = await submitted(wish(endpoint))
      await world.answer(request.id, world.finn, 'deny')
    }
    const now = parts.clock.now()
    const late = { attempts: 0, nextAt: now, expiresAt: now + 60_000 }
    // Its submission is gone, so it is withdrawn as soon as it is looked at.
    await parts.storage.transaction((tx) =>
      insertPendingCallback(tx, { ...wish(endpoint), id: 'arq_other', pep: 'other', ...late }),
    )
    await callBackOnce(parts)
    assert.equal(ears.heard.length, 10)
    assert.ok((await outcomes()).some(([outcome]) => outcome === 'withdrawn'))
    await callBackOnce(parts)
    assert.equal(ears.heard.length, 12)
  })

  test('of nobody who submits nothing', async (t) => {
    const { clients, parts } = await desk(t)
    await clientWith(clients, 'siem', 'signal-source', {})
    const set = (id: string) => setCallback(parts, { id, url: null, by: 'psn_ada' })
    await assert.rejects(set('siem'), { code: 'client.bad_settings' })
    await assert.rejects(set('nobody'), { code: 'client.unknown' })
    await changeClient(clients, { kind: 'pep', id: 'mesh', settings: { takes: true }, by: 'ada' })
    await assert.rejects(set('mesh'), { code: 'client.bad_settings' })
  })
})
