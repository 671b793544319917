import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PipelineEnd } from '../ended.ts'
import type { LocatedRequest } from '../passage.ts'
import type { McpPorts } from './ports.ts'
import { checkTransport } from './transport.ts'

const GATEWAY = 'https://gateway.example'
const BOTH = 'application/json, text/event-stream'

/** A request at the address of an MCP server, ready for both kinds of answer. */
function located(
  method: string,
  headers: Readonly<Record<string, string>> = {},
  { query = [], segments = [] }: { query?: [string, string][]; segments?: string[] } = {},
): LocatedRequest {
  const given = new Map(Object.entries({ accept: BOTH, ...headers }))
  const request = { method, query, segments: [], headers: given }
  return { request, segments } as unknown as LocatedRequest // as: all that is read of it
}

function check(request: LocatedRequest): LocatedRequest {
  return checkTransport(request, { gateway: GATEWAY } as McpPorts) // as: all that is read of it
}

test('a message at the identifier of the server passes, from no page or one of the gateway', () => {
  const request = located('POST')
  assert.equal(check(request), request)
  check(located('POST', { origin: GATEWAY }))
})

test('a request below the identifier, or with a query, is refused', () => {
  const unknown = { code: 'resource.unknown' }
  assert.throws(() => check(located('POST', {}, { segments: ['x'] })), unknown)
  assert.throws(() => check(located('POST', {}, { query: [['a', '1']] })), unknown)
})

test('a request from a page of another origin is refused', () => {
  for (const origin of ['null', 'https://evil.example', `${GATEWAY}.evil.example`, ''])
    assert.throws(() => check(located('POST', { origin })), { code: 'request.cross_site' }, origin)
})

test('a stream is offered within a session only, and other methods never', () => {
  const refused = (request: LocatedRequest) => {
    try {
      check(request)
    } catch (error) {
      assert.ok(error instanceof PipelineEnd)
      const { headers, problem, status } = error.answer
      return [status, headers?.allow, problem?.code, problem?.detail]
    }
    return undefined
  }
  const session = { 'mcp-session-id': 'x' }
  for (const method of ['POST', 'DELETE', 'GET']) check(located(method, session))
  check(located('DELETE'))
  assert.deepEqual(refused(located('GET')), [
    ...[405, 'POST, DELETE', 'request.method_not_allowed', 'only POST and DELETE are offered'],
  ])
  assert.deepEqual(refused(located('PUT', session)), [
    ...[405, 'POST, GET, DELETE', 'request.method_not_allowed'],
    'only POST and GET and DELETE are offered',
  ])
})

test('a client lists each kind of answer that there can be, in any order and form', () => {
  for (const accept of [
    'text/event-stream,application/json',
    'Application/JSON;q=0.9 , text/event-stream ; a=b, */*',
  ])
    check(located('POST', { accept }))
  for (const accept of ['', '*/*', 'application/json', 'text/event-stream', 'application/*'])
    assert.throws(() => check(located('POST', { accept })), {
      code: 'request.not_acceptable',
      detail: '`Accept` has to list application/json and text/event-stream',
    })
  const session = { 'mcp-session-id': 'x' }
  check(located('GET', { ...session, accept: 'text/event-stream' }))
  check(located('DELETE', { ...session, accept: '' }))
  const json = located('GET', { ...session, accept: 'application/json' })
  assert.throws(() => check(json), { code: 'request.not_acceptable' })
})

test('a client that does not say what it accepts is refused', () => {
  const request = located('POST')
  const silent = { ...request, request: { ...request.request, headers: new Map() } }
  assert.throws(() => check(silent), { code: 'request.not_acceptable' })
})
