import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogView } from '../../catalog/catalog/catalog.ts'
import type { Resource } from '../../catalog/catalog/index.ts'
import { planImport } from '../../catalog/catalog/testing.ts'
import { parseJson } from '../../platform/lib/json.ts'
import { type DirectRequest, directCall, directMatch, directResource } from './direct-call.ts'

const IDENTIFIER = 'https://shop.example/v1/store'
const { actions, resource: planned } = planImport(
  {
    openapi: '3.1.0',
    info: { title: 'Store', version: '1' },
    servers: [{ url: IDENTIFIER }],
    paths: {
      '/things/{id}': {
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        get: { 'x-remit-action': 'read', responses: {} },
        post: {
          'x-remit-action': 'change',
          responses: {},
          requestBody: {
            content: {
              'application/json': {
                schema: { type: 'object', properties: { amount: { type: 'integer' } } },
              },
            },
          },
        },
      },
    },
  },
  { name: 'store', identifier: IDENTIFIER, mode: 'direct', upstream: IDENTIFIER },
)
const STORE: Resource = { ...planned, status: 'active', createdAt: 0, updatedAt: 0 }
const BEHIND: Resource = { ...STORE, name: 'behind', mode: 'gateway' }
const VIEW = catalogView([STORE, BEHIND], actions)
const PARTS = { catalog: { current: () => VIEW } } as unknown as Parameters<typeof directCall>[0] // as: all that is asked of a catalog here

function request(path: string, method = 'GET', body?: string): DirectRequest {
  const target = { path, segments: path.split('/').slice(1), query: [] }
  return {
    ...{ token: 't', scheme: 'DPoP', proof: undefined, certificate: undefined, method, target },
    ...{ origin: { ip: '192.0.2.1' }, headers: [], doable: [] },
    body: body === undefined ? undefined : parseJson(body),
  }
}

test('an API is found by its name, if its agents call it directly', async () => {
  assert.equal(await directResource(PARTS, 'store'), STORE)
  await assert.rejects(directResource(PARTS, 'none'), { code: 'resource.unknown' })
  await assert.rejects(directResource(PARTS, 'behind'), { code: 'client.not_direct' })
})

test('an operation is found below the path of the API, and nowhere else', async () => {
  const nameAt = async (path: string, method?: string) =>
    (await directMatch(PARTS, STORE, request(path, method))).action.name
  assert.equal(await nameAt('/v1/store/things/a'), 'store.read')
  assert.equal(await nameAt('/v1/store/things/a', 'POST'), 'store.change')
  for (const [path, method] of [
    ['/things/a', 'GET'],
    ['/v2/store/things/a', 'GET'],
    ['/v1/other/things/a', 'GET'],
    ['/v1/store', 'GET'],
    ['/v1/store/things', 'GET'],
    ['/v1/store/things/a/b', 'GET'],
    ['/v1/store/things/a', 'DELETE'],
  ] as const)
    await assert.rejects(nameAt(path, method), { code: 'action.unknown' }, `${method} ${path}`)
  const ofNone = directMatch(PARTS, BEHIND, request('/v1/store/things/a'))
  await assert.rejects(ofNone, { code: 'action.unknown' })
})

test('an API at the root of its host has every path', async () => {
  const root = { ...STORE, identifier: 'https://shop.example' }
  const { action } = await directMatch(PARTS, root, request('/things/a'))
  assert.equal(action.name, 'store.read')
})

test('a call is typed as the gateway types it, at the address that the agent called', async () => {
  const sent = request('/v1/store/things/a', 'POST', '{"amount":5}')
  const call = await directCall(PARTS, STORE, sent)
  assert.deepEqual(
    [call.url, call.method, call.nonces, call.token],
    [...['https://shop.example/v1/store/things/a', 'POST', true, 't']],
  )
  assert.equal(call.resource, STORE)
  assert.equal(call.action.name, 'store.change')
  const amount = call.arguments.get('amount')
  assert.deepEqual(amount, { kind: 'integer', text: '5' })
  const { body, target } = sent
  const { path, query } = target
  assert.deepEqual(call.sent, { method: 'POST', path, query, headers: [], body })
})

test('arguments that do not fit are told with the place of the mistake', async () => {
  const wrong = directCall(PARTS, STORE, request('/v1/store/things/a', 'POST', '{"amount":"x"}'))
  await assert.rejects(wrong, { members: { pointer: '/amount' } })
  const unknown = directCall(PARTS, STORE, request('/v1/store/things/a', 'POST', '{"more":1}'))
  await assert.rejects(unknown, { code: 'arguments.unknown' })
})
