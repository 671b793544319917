import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { askInProcess } from '../gateways/in-process.ts'
import { type Store, startStore } from '../gateways/store.ts'
import { Place } from '../mcp/place.ts'
import { serveNotes } from '../mcp/scripted.ts'
import { metaFor, REVISION } from '../mcp/stateless.ts'
import { type Answer, send } from '../wire.ts'

const JSON_TYPE = 'application/json'
/** Credentials of nobody. */
const CREDENTIALS = [
  'Bearer x',
  'DPoP eyJhbGciOiJFUzI1NiJ9.e30.AAAA',
  `Bearer remit_at_${'A'.repeat(43)}`,
]
/** Requests of which each is something else for a caller who is known: there or not, of this type or that. */
const REQUESTS = [
  ['POST', '/things', JSON_TYPE, '{"name":"a"}'],
  ['POST', '/things', JSON_TYPE, '{"name":1}'],
  ['POST', '/things', JSON_TYPE, '{"foo":1}'],
  ['POST', '/things', JSON_TYPE, '{}'],
  ['POST', '/things', JSON_TYPE, '{'],
  ['POST', '/things', 'text/plain', 'a'],
  ['POST', '/orders', JSON_TYPE, '{"foo":1}'],
  ['POST', '/forms', JSON_TYPE, '{"foo":1}'],
  ['POST', '/forms', 'application/x-www-form-urlencoded', 'foo=1'],
  ['POST', '/bytes', 'text/html', 'a'],
  ['GET', '/things', JSON_TYPE, undefined],
  ['GET', '/things?n=x', JSON_TYPE, undefined],
  ['GET', '/things?foo=x', JSON_TYPE, undefined],
  ['GET', '/nothing', JSON_TYPE, undefined],
  ['DELETE', '/nothing', JSON_TYPE, undefined],
] as const

describe('what strangers are told of an API', () => {
  let store: Store
  let notes: Awaited<ReturnType<typeof serveNotes>>
  before(async () => {
    store = await startStore('sqlite')
    notes = await serveNotes()
  })
  after(async () => {
    await notes?.close()
    await store?.world.stop()
  })

  /** All that an answer says, but for the request that it is about. */
  const toldBy = ({ body: { request_id: _, ...body }, headers, status }: Answer) =>
    JSON.stringify([status, headers['www-authenticate'], body])

  async function toldAlike(
    ask: (credential: string, request: (typeof REQUESTS)[number]) => Promise<string>,
  ): Promise<void> {
    for (const credential of CREDENTIALS) {
      const told = new Map<string, string>()
      for (const request of REQUESTS) told.set(await ask(credential, request), request.join(' '))
      assert.equal(told.size, 1, `${credential}: ${[...told].flat().join('\n')}`)
      assert.match([...told.keys()].join(), /\[401,|"status":401/)
    }
  }

  it('W3n: the gateway tells all of their requests alike', () =>
    toldAlike(async (credential, [method, path, type, body]) => {
      const headers = [
        ['Authorization', credential],
        ['Content-Type', type],
      ] as const
      const sending = { method, headers, ...(body === undefined ? {} : { body }) }
      return toldBy(await send(`${store.world.gateway}/echo${path}`, sending))
    }))

  it('W3n: a gateway of others is told all of their requests alike', () =>
    toldAlike(async (credential, [method, path, type, body]) => {
      const rawHeaders = ['Authorization', credential, 'Content-Type', type]
      const read = async () => Buffer.from(body ?? '')
      const told = await askInProcess(store.world, store.secret, {
        ...{ method, target: `/store${path}`, rawHeaders },
        body: { kind: 'whole', isPending: false, read },
      })
      assert.ok('problem' in told)
      return JSON.stringify([told.status, told.headers['www-authenticate'], told.problem])
    }))

  it('W3n: an API that asks about a call is told all of their requests alike', () =>
    toldAlike(async (credential, [method, path, , body]) => {
      const [scheme, token] = credential.split(' ')
      const url = store.identifier + path
      const asked = await send(`${store.world.issuer}/v1/calls`, {
        method: 'POST',
        headers: [
          ['Authorization', `Bearer ${store.secret}`],
          ['Content-Type', JSON_TYPE],
        ],
        body: JSON.stringify({
          scheme,
          token,
          method,
          url,
          ...(body === undefined ? {} : { body }),
        }),
      })
      const { decision, problem, status } = asked.body
      assert.deepEqual([asked.status, decision], [200, false], asked.text)
      return JSON.stringify({ status, problem })
    }))

  it('W3n: an MCP server is nothing for them, whatever they call', async () => {
    const place = await Place.add(store.world, { name: 'notes', url: notes.url })
    for (const credential of CREDENTIALS) {
      const told = new Set<string>()
      for (const [method, params] of [
        ['tools/call', { name: 'say', arguments: { text: 'x' } }],
        ['tools/call', { name: 'say', arguments: { foo: 1 } }],
        ['tools/call', { name: 'nothing', arguments: {} }],
        ['tools/call', { name: 1 }],
        ['resources/read', { uri: 'note://1' }],
        ['resources/read', { uri: 'other://1' }],
        ['prompts/get', { name: 'greet' }],
        ['tools/list', {}],
      ] as const) {
        const headers = [
          ['Authorization', credential],
          ['Content-Type', JSON_TYPE],
          ['Accept', 'application/json, text/event-stream'],
          ['MCP-Protocol-Version', REVISION],
        ] as const
        const message = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: metaFor() } }
        const body = JSON.stringify(message)
        told.add(toldBy(await send(place.identifier, { method: 'POST', headers, body })))
      }
      assert.equal(told.size, 1, `${credential}: ${[...told].join('\n')}`)
      assert.match([...told].join(), /^\[401,/)
    }
    assert.equal(notes.calls().length, 0)
  })
})
