import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../../platform/lib/problem.ts'
import { buildTarget, type RawRequest, strictRequest } from './strict-request.ts'

const HOST = '127.0.0.1:7481'

function raw(target: string, headers: readonly string[] = [], method = 'GET'): RawRequest {
  return { method, target, httpVersion: '1.1', rawHeaders: ['Host', HOST, ...headers] }
}

function codeOf(request: RawRequest): string {
  try {
    strictRequest(request, HOST)
    return 'ok'
  } catch (error) {
    assert.ok(error instanceof Problem)
    return error.code
  }
}

test('an ordinary request is read into segments and pairs', () => {
  const result = strictRequest(raw('/orders/10%2042/refunds?page=2&q=a+b%26c'), HOST)
  assert.deepEqual(result.segments, ['orders', '10 42', 'refunds'])
  assert.deepEqual(result.query, [
    ['page', '2'],
    ['q', 'a b&c'],
  ])
})

const AMBIGUOUS = [
  '/orders/../admin',
  '/orders/./1042',
  '/orders/%2e%2e/admin',
  '/orders/%2E/1042',
  '/orders/%2fadmin',
  '/orders/%5cadmin',
  '/orders\\admin',
  '//orders',
  '/orders//1042',
  '/orders/',
  '/orders;v=1/1042',
  '/orders/1042%3bx',
  '/orders/1042%00',
  '/orders/1042%0d%0aX-Injected:%201',
  '/orders/%252e%252e',
  '/orders/%41',
  '/orders/%ff',
  '/orders/%c0%ae',
  '/orders/%',
  '/orders/%zz',
  '/orders/1042#frag',
  '/orders/1042?a=1#frag',
  '/orders/1042?%61=1',
  '/orders/1042?a=%00',
  '/orders/1042?a=1&&b=2',
  '/orders/1042?=1',
  '/orders/1042?a=\u0001',
  'http://127.0.0.1:7481/orders',
  'orders',
  '*',
  '',
  '/orders/café',
]
for (const target of AMBIGUOUS) {
  test(`the target ${JSON.stringify(target)} is refused, not normalised`, () => {
    assert.equal(codeOf(raw(target)), 'request.ambiguous_target')
  })
}

test('a second Host, another host and a missing host are refused', () => {
  assert.equal(codeOf(raw('/orders', ['Host', 'evil.example'])), 'request.bad_header')
  assert.equal(
    codeOf({ ...raw('/orders'), rawHeaders: ['Host', 'evil.example'] }),
    'request.wrong_host',
  )
  assert.equal(codeOf({ ...raw('/orders'), rawHeaders: [] }), 'request.wrong_host')
})

test('the host is compared without its case, as names are', () => {
  const named = { ...raw('/orders'), rawHeaders: ['Host', 'GateWay.example:8443'] }
  assert.ok(strictRequest(named, 'gateway.example:8443'))
  const other = { code: 'request.wrong_host' }
  assert.throws(() => strictRequest(named, 'gateway.example'), other)
})

test('another version of HTTP than 1.1 is refused', () => {
  for (const httpVersion of ['1.0', '2.0', ''])
    assert.equal(codeOf({ ...raw('/orders'), httpVersion }), 'request.bad_header', httpVersion)
})

test('a request with a line feed in its query says so, as some APIs take none', () => {
  assert.equal(strictRequest(raw('/orders?q=a%0Ab'), HOST).hasLines, true)
  assert.equal(strictRequest(raw('/orders?q=ab'), HOST).hasLines, undefined)
})

test('the address upstream begins with the path of the API, with one slash behind it', () => {
  for (const base of ['https://up.example/base', 'https://up.example/base/'])
    assert.equal(buildTarget(base, ['a', 'b'], []), 'https://up.example/base/a/b')
  assert.equal(buildTarget('/base/', [], [['q', '1']]), '/base/?q=1')
})

test('two Authorization or DPoP headers are refused', () => {
  assert.equal(
    codeOf(raw('/orders', ['Authorization', 'DPoP a', 'authorization', 'DPoP b'])),
    'request.bad_header',
  )
  assert.equal(codeOf(raw('/orders', ['DPoP', 'a', 'dpop', 'b'])), 'request.bad_header')
})

test('M4: encodings in two lines, as Java and Spring write them, are one list', () => {
  const { headers } = strictRequest(
    raw('/orders', ['Accept-Encoding', 'gzip', 'Accept-Encoding', 'deflate']),
    HOST,
  )
  assert.equal(headers.get('accept-encoding'), 'gzip, deflate')
})

test('framing that two servers could read differently is refused', () => {
  for (const headers of [
    ['Transfer-Encoding', 'identity, chunked'],
    ['Transfer-Encoding', 'chunked', 'Content-Length', '5'],
    ['Transfer-Encoding', 'Chunked'],
    ['Upgrade', 'websocket'],
    ['Upgrade', 'h2c, websocket'],
    ['Expect', '200-ok'],
    ['Content-Encoding', 'gzip'],
  ]) {
    assert.equal(codeOf(raw('/orders', headers, 'POST')), 'request.bad_header', headers.join(' '))
  }
})

test('M4: an offer of HTTP/2, as Java makes it over plain HTTP, is ignored', () => {
  const { headers } = strictRequest(raw('/orders', ['Upgrade', 'h2c']), HOST)
  assert.equal(headers.get('upgrade'), 'h2c')
})

test('CONNECT, TRACE, OPTIONS and made-up methods are not offered', () => {
  for (const method of ['CONNECT', 'TRACE', 'OPTIONS', 'PROPFIND', 'get']) {
    assert.equal(codeOf(raw('/orders', [], method)), 'request.method_not_allowed')
  }
})

test('what is accepted is rebuilt into a target that reads the same', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })
  const segment = text.filter((s) => !/^\.{1,2}$/.test(s) && !/[\\/;%?#\p{Cc}\p{Cs}]/u.test(s))
  const pair = fc.tuple(
    text.filter((s) => !/[\p{Cc}\p{Cs}]/u.test(s)),
    fc.string({ unit: 'binary', maxLength: 12 }).filter((s) => !/[\p{Cc}\p{Cs}]/u.test(s)),
  )
  fc.assert(
    fc.property(
      fc.array(segment, { minLength: 1, maxLength: 5 }),
      fc.array(pair, { maxLength: 4 }),
      (segments, query) => {
        const result = strictRequest(raw(buildTarget('', segments, query)), HOST)
        assert.deepEqual(result.segments, segments)
        assert.deepEqual(result.query, query)
        const seen = new URL(buildTarget('http://upstream.example/base', segments, query))
        assert.deepEqual(
          seen.pathname.split('/').slice(2).map(decodeURIComponent),
          segments,
          'the WHATWG parser sees the same segments',
        )
      },
    ),
    { numRuns: 2000 },
  )
})
