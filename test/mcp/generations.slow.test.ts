import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { answer, type Script, serveScript, stream } from '../../src/platform/net/mcp/testing.ts'
import { World } from '../world.ts'
import { Place, rpcOf } from './place.ts'
import { REVISION, Stateless } from './stateless.ts'

const SUBSCRIBE = 'resources/subscribe'
const TOOLS = { tools: [{ name: 'say', inputSchema: { type: 'object' } }] }
const LISTED: Readonly<Record<string, object>> = {
  'tools/list': TOOLS,
  'resources/list': { resources: [{ uri: 'note://1', name: 'one' }] },
  'resources/templates/list': { resourceTemplates: [] },
  'tools/call': { content: [] },
}

/** A server that describes itself so, in the generations that it has. */
function speaking(has: { readonly sessions?: object; readonly stateless?: object }): Script {
  return ({ message }, reply) => {
    const { id, method, params } = message ?? {}
    if (method === 'initialize') {
      if (!has.sessions) return Boolean(reply.writeHead(404).end())
      reply.setHeader('mcp-session-id', 'upstream')
      const { protocolVersion } = params
      const serverInfo = { name: 'both', version: '1' }
      return answer(reply, id, { protocolVersion, capabilities: has.sessions, serverInfo })
    }
    if (method === 'server/discover') {
      if (!has.stateless) return false
      return answer(reply, id, { supportedVersions: [REVISION], capabilities: has.stateless })
    }
    // Its stream stays open, and says nothing.
    if (method === 'subscriptions/listen' || method === SUBSCRIBE) {
      stream(reply)
      return true
    }
    const listed = LISTED[method]
    return listed !== undefined && answer(reply, id, listed)
  }
}

describe('generations of MCP, and what a server offers in them', () => {
  let w: World
  const closing: (() => Promise<void>)[] = []
  before(async () => {
    w = await World.start('sqlite', { mcp: { answersWithin: 2_000 } })
  })
  after(async () => {
    for (const close of closing) await close()
    await w?.stop()
  })

  async function standing(name: string, has: Parameters<typeof speaking>[0]) {
    const server = await serveScript(speaking(has))
    closing.push(() => server.close())
    const place = await Place.add(w, { name, url: server.url })
    const heard = (method: string) =>
      server.asked.filter(({ message }) => message?.method === method)
    return { heard, place }
  }
  const capabilitiesOf = async (place: Place) => {
    const { capabilities } = rpcOf(
      await (await Stateless.at(place, await place.open())).request('server/discover'),
    ).result
    return capabilities
  }

  it('G2: a server of both generations is spoken to in the one of the client', async () => {
    const { heard, place } = await standing('both', {
      sessions: { tools: {} },
      stateless: { tools: {} },
    })
    const task = await place.open()
    const spoken = () => heard('tools/call').at(-1)?.headers['mcp-protocol-version']
    const older = await place.session(task)
    assert.ok(rpcOf(await older.call('say', {})).result)
    assert.deepEqual(
      [spoken(), heard('tools/call').at(-1)?.headers['mcp-session-id']],
      ['2025-11-25', 'upstream'],
    )
    const newer = await Stateless.at(place, task)
    assert.ok(rpcOf(await newer.call('say')).result)
    assert.equal(spoken(), REVISION)
    const before = heard('server/discover').length
    assert.ok(rpcOf(await (await place.session(task)).call('say', {})).result)
    assert.ok(rpcOf(await newer.call('say')).result)
    assert.equal(heard('server/discover').length, before, 'it is not asked again')
  })

  it('G3: what a server does not offer is not offered, and refused without asking it', async () => {
    const { heard, place } = await standing('few', { sessions: { tools: {}, resources: {} } })
    const session = await place.session(await place.open())
    const told = rpcOf(await session.request(SUBSCRIBE, { uri: 'note://1' }))
    assert.equal(told.error?.code, -32601)
    assert.equal(heard(SUBSCRIBE).length, 0)
    const { completions, logging, resources } = await capabilitiesOf(place)
    assert.deepEqual(
      [completions, logging, resources],
      [undefined, undefined, { listChanged: true }],
    )
  })

  it('G3: what it offers in either generation is offered', async () => {
    const { place } = await standing('more', {
      stateless: { tools: {}, resources: {} },
      sessions: { tools: {}, resources: { subscribe: true }, completions: {}, logging: {} },
    })
    const { completions, logging, resources } = await capabilitiesOf(place)
    assert.deepEqual([completions, logging, resources.subscribe], [{}, {}, true])
  })

  it('G3: no method that needs a capability is served where the server does not declare it', async () => {
    const { heard, place } = await standing('bare', { sessions: { tools: {}, resources: {} } })
    const session = await place.session(await place.open())
    const ref = { type: 'ref/resource', uri: 'note://{name}' }
    const asked: readonly (readonly [string, object])[] = [
      ['logging/setLevel', { level: 'info' }],
      ['resources/unsubscribe', { uri: 'note://1' }],
      ['completion/complete', { ref, argument: { name: 'name', value: '' } }],
    ]
    for (const [method, params] of asked) {
      assert.equal(rpcOf(await session.request(method, params)).error?.code, -32601, method)
      assert.equal(heard(method).length, 0)
    }
    const newer = await Stateless.at(place, await place.open())
    const told = await newer.request('completion/complete', {
      ref,
      argument: { name: 'name', value: '' },
    })
    assert.deepEqual([told.status, rpcOf(told).error?.code], [404, -32601])
  })

  it('G3: a server with sessions that does not answer a subscription is one that tells nothing', async () => {
    const { heard, place } = await standing('quiet', {
      sessions: { tools: {}, resources: { subscribe: true }, logging: {} },
    })
    const session = await place.session(await place.open())
    const told = rpcOf(await session.request(SUBSCRIBE, { uri: 'note://1' }))
    assert.equal(heard(SUBSCRIBE).length, 1)
    assert.equal(told.error?.code, -32601)
    assert.ok(rpcOf(await session.request('logging/setLevel', { level: 'info' })).result)
  })

  it('G3: a server that acknowledges no subscription is one that tells nothing', async () => {
    const { heard, place } = await standing('silent', {
      stateless: { tools: {}, resources: { subscribe: true } },
    })
    const session = await place.session(await place.open())
    const told = rpcOf(await session.request(SUBSCRIBE, { uri: 'note://1' }))
    assert.equal(heard('subscriptions/listen').length, 1)
    assert.equal(told.error?.code, -32601)
  })
})
