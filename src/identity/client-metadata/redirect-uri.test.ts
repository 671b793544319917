import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  applicationTypeOf,
  checkRedirectUri,
  isLoopbackRedirect,
  isRegisteredRedirect,
  withoutPort,
} from './redirect-uri.ts'

const long = (length: number) => 'https://app.example/'.padEnd(length, 'c')

test('an address that codes may be sent to comes back as it is', () => {
  for (const good of [
    'https://app.example/cb',
    'https://app.example',
    'https://app.example/cb?tenant=1',
    'https://[2001:db8::1]/cb',
    'https://localhost/cb',
    'http://localhost:1234/cb',
    'http://127.0.0.1/cb',
    'http://[::1]:1/cb',
    long(512),
  ])
    assert.equal(checkRedirectUri(good), good)
})

test('another address is refused, with what is wrong about it', () => {
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [7, /at most 512/],
    [undefined, /at most 512/],
    ['', /at most 512/],
    [long(513), /at most 512/],
    ['https://app.example/ü', /ASCII/],
    ['https://app.example/a b', /ASCII/],
    ['ühttps://app.example/a', /ASCII/],
    ['app.example', /canonical/],
    ['https://APP.example/cb', /canonical/],
    ['https://app.example:443/cb', /canonical/],
    ['https://app.example/a/../cb', /canonical/],
    ['https://a_b.example/cb', /has a host/],
    ['https://app.example/cb#', /no fragment/],
    ['https://app.example/cb#a', /no fragment/],
    ['https://sam@app.example/cb', /no user name/],
    ['https://:pw@app.example/cb', /no user name/],
    ['https://app.example/cb?code=1', /`code` is a response parameter/],
    ['https://app.example/cb?a=1&STATE=2', /`STATE` is a response parameter/],
    ['http://app.example/cb', /uses `https`/],
    ['ftp://localhost/cb', /uses `https`/],
    ['app://localhost/cb', /uses `https`/],
  ]
  for (const [value, detail] of refused)
    assert.throws(() => checkRedirectUri(value), { code: 'registration.bad_redirect', detail })
  for (const name of ['iss', 'error', 'error_description', 'error_uri', 'scope', 'response'])
    assert.throws(() => checkRedirectUri(`https://app.example/cb?${name}=1`), {
      detail: /response/,
    })
  for (const name of ['access_token', 'id_token'])
    assert.throws(() => checkRedirectUri(`https://app.example/cb?${name}=1`), {
      detail: /response/,
    })
})

test('a client whose addresses on this computer all use http is native', () => {
  const [here, app] = ['http://localhost/cb', 'https://app.example/cb']
  assert.equal(applicationTypeOf([here, 'http://127.0.0.1/cb']), 'native')
  assert.equal(applicationTypeOf([here, app]), 'native')
  for (const web of [[], [app], [here, 'https://localhost/cb'], ['https://localhost/cb']])
    assert.equal(applicationTypeOf(web), 'web', String(web))
})

test('an address of this computer is one of three hosts', () => {
  for (const here of ['http://localhost/', 'https://127.0.0.1:1/', 'http://[::1]/'])
    assert.ok(isLoopbackRedirect(here), here)
  for (const there of ['http://localhost.example/', 'http://127.0.0.2/', 'localhost', ''])
    assert.ok(!isLoopbackRedirect(there), there)
})

test('an address is a registered one by each character, but for the port on this computer', () => {
  const native = ['http://localhost:1/cb']
  for (const wanted of ['http://localhost:1/cb', 'http://localhost:2/cb', 'http://localhost/cb'])
    assert.ok(isRegisteredRedirect(native, wanted), wanted)
  for (const other of [
    'http://localhost:2/other',
    'http://127.0.0.1:1/cb',
    'https://localhost:2/cb',
    'http://LOCALHOST:2/cb',
    'http://app.example:1/cb',
    'no address',
  ])
    assert.ok(!isRegisteredRedirect(native, other), other)
  assert.ok(!isRegisteredRedirect(['https://app.example/cb'], 'https://app.example:8443/cb'))
  assert.ok(isRegisteredRedirect(['https://app.example/cb'], 'https://app.example/cb'))
  const mixed = ['http://localhost:1/cb', 'https://localhost:1/cb']
  assert.ok(!isRegisteredRedirect(mixed, 'http://localhost:2/cb'))
  assert.ok(isRegisteredRedirect(['https://app.example/cb', ...native], 'http://localhost:9/cb'))
  assert.ok(!isRegisteredRedirect(['https://app.example/cb', ...native], 'https://app.example/x'))
})

test('an address of this computer has a form without its port', () => {
  assert.equal(withoutPort('http://localhost:1234/cb?a=1'), 'http://localhost/cb?a=1')
  assert.equal(withoutPort('http://localhost:1234'), 'http://localhost/')
  for (const none of [
    'https://localhost:1/cb',
    'http://app.example:1/cb',
    'http://localhost:80/cb',
    'x',
  ])
    assert.equal(withoutPort(none), undefined, none)
})
