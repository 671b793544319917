import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkHost } from './public-host.ts'

const SHOP = 'https://shop.example/store'
const WRONG = { code: 'request.wrong_host' }
const BAD = { code: 'request.bad_header' }

function check(
  host: string,
  headers: Readonly<Record<string, string>> = {},
  { identifier = SHOP, leavesPort = false } = {},
): void {
  checkHost({ host, leavesPort, headers: new Map(Object.entries(headers)) }, identifier)
}

test('the host is that of the API, with or without the port that its scheme has', () => {
  for (const host of ['shop.example', 'shop.example:443', 'SHOP.example', ' shop.example '])
    check(host)
  check('shop.example:80', {}, { identifier: 'http://shop.example/' })
  for (const host of [
    '',
    'other.example',
    'shop.example:80',
    'shop.example:8443',
    'a.shop.example',
  ])
    assert.throws(() => check(host), WRONG, host)
  assert.throws(() => check('shop.example:443', {}, { identifier: 'http://shop.example/' }), WRONG)
})

test('a port of its own has to be named, unless the gateway never does', () => {
  const identifier = 'https://shop.example:8443/'
  check('shop.example:8443', {}, { identifier })
  check('Shop.example', {}, { identifier, leavesPort: true })
  assert.throws(() => check('shop.example', {}, { identifier }), WRONG)
  assert.throws(() => check('shop.example:8443:443', {}, { identifier }), WRONG)
  for (const host of ['shop.example:443', 'other.example'])
    assert.throws(() => check(host, {}, { identifier, leavesPort: true }), WRONG)
})

test('headers in which some APIs look for the host name the same one, in each of their values', () => {
  for (const name of [
    ...['x-envoy-original-host', 'x-forwarded-host', 'x-host'],
    ...['x-http-host-override', 'x-original-host'],
  ]) {
    check('shop.example', { [name]: 'shop.example' })
    check('shop.example', { [name]: 'shop.example:443, SHOP.example' })
    for (const value of ['other.example', '', 'shop.example, other.example'])
      assert.throws(() => check('shop.example', { [name]: value }), BAD, `${name}: ${value}`)
  }
})

test('hosts in `Forwarded` are the same one, however they are written', () => {
  for (const value of [
    'host=shop.example',
    'Host="shop.example:443"',
    'for=192.0.2.1;host=shop.example, for=192.0.2.2',
    'for=192.0.2.1',
    '',
    ' \thost=shop.example \t; for=x ',
    ...[';host=shop.example', 'for=x;;host=shop.example,', ', '],
  ])
    check('shop.example', { forwarded: value })
  for (const value of [
    'host=other.example',
    'host="other.example"',
    'HOST=other.example',
    'for=x;host=other.example',
    'for=x, host=other.example',
    'host=shop.example, host=other.example',
    'host=',
    'host=""',
  ])
    assert.throws(() => check('shop.example', { forwarded: value }), BAD, value)
})

test('a `Forwarded` that can be read in two ways is refused', () => {
  for (const value of [
    'host=shop.example host=other.example',
    'host="shop.example',
    'host="shop\\.example"',
    '"host=shop.example"',
    'host = shop.example',
    '=shop.example',
    'host=shop.example x',
  ])
    assert.throws(() => check('shop.example', { forwarded: value }), BAD, value)
})
