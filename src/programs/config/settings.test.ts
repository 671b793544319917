import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../platform/lib/problem.ts'
import { readSettings } from './settings.ts'

function mistakes(environment: Record<string, string>): string {
  try {
    readSettings(environment)
    return ''
  } catch (error) {
    assert.ok(error instanceof Problem)
    return error.detail
  }
}

test('nothing set gives a server on loopback with the embedded database', () => {
  const settings = readSettings({})
  assert.equal(settings.issuer, 'http://127.0.0.1:7480')
  assert.deepEqual(settings.gatewayListen, { host: '127.0.0.1', port: 7481 })
  assert.equal(settings.databaseUrl, undefined)
})

test('a mis-spelt setting stops the start instead of being ignored', () => {
  assert.match(mistakes({ REMIT_POLICY_ENGIN: 'off' }), /REMIT_POLICY_ENGIN is not a setting/)
  assert.match(mistakes({ REMIT_POLICY_ENGINE: 'audit-only' }), /not one of/)
})

test('an issuer that is neither https nor loopback is refused, so is one with a path', () => {
  assert.match(mistakes({ REMIT_ISSUER: 'http://remit.example.com' }), /https/)
  assert.match(mistakes({ REMIT_ISSUER: 'https://example.com/remit' }), /not an origin/)
  assert.equal(mistakes({ REMIT_ISSUER: 'https://remit.example.com' }), '')
})

test('plain HTTP outside loopback is served to nobody unless that is said', () => {
  for (const name of ['REMIT_LISTEN', 'REMIT_GATEWAY_LISTEN']) {
    for (const host of ['0.0.0.0', '[::]', '192.0.2.1', 'remit.internal']) {
      const told = mistakes({ [name]: `${host}:7490` })
      assert.match(told, new RegExp(`^${name} is no loopback address.*REMIT_PLAIN_HTTP`))
      assert.equal(mistakes({ [name]: `${host}:7490`, REMIT_PLAIN_HTTP: 'behind-proxy' }), '')
    }
    for (const host of ['127.0.0.1', '[::1]', 'localhost'])
      assert.equal(mistakes({ [name]: `${host}:7490` }), '')
  }
})

test('with a certificate both listeners may be anywhere; certificate and key go together', () => {
  const files = { REMIT_TLS_CERTIFICATE: '/tls/cert.pem', REMIT_TLS_KEY: '/tls/key.pem' }
  const open = { REMIT_LISTEN: '0.0.0.0:443', REMIT_GATEWAY_LISTEN: '[::]:8443' }
  assert.equal(mistakes({ ...open, ...files }), '')
  for (const name of Object.keys(files))
    assert.match(mistakes({ [name]: '/tls/file.pem' }), /are set together/)
  // Gateways of others ask in plain HTTP.
  assert.match(mistakes({ ...files, REMIT_FORWARD_AUTH_LISTEN: '0.0.0.0:9000' }), /no loopback/)
})

test('proxies are addresses and networks', () => {
  const read = (value: string) => readSettings({ REMIT_TRUSTED_PROXIES: value }).trustedProxies
  assert.deepEqual(read('10.0.0.5, 10.1.0.0/16,2001:db8::/32'), [
    '10.0.0.5',
    '10.1.0.0/16',
    '2001:db8::/32',
  ])
  for (const bad of ['proxy', '10.0.0.0/33', '10.0.0.0/8/8', '2001:db8::/129', '10.0.0.0/'])
    assert.match(mistakes({ REMIT_TRUSTED_PROXIES: bad }), /addresses and networks/, bad)
})

test('gateway and issuer never share an origin', () => {
  assert.match(mistakes({ REMIT_GATEWAY: 'http://127.0.0.1:7480' }), /another origin/)
})

test('all mistakes are told at once', () => {
  const told = mistakes({ REMIT_LISTEN: 'here', REMIT_LOG_LEVEL: 'loud', REMIT_X: '1' })
  assert.equal(told.split('; ').length, 3)
})

test('secrets among the settings do not print', () => {
  const settings = readSettings({ DATABASE_URL: 'postgres://u:hunter2@h/d', REMIT_MASTER_KEY: 'k' })
  assert.ok(!JSON.stringify(settings).includes('hunter2'))
})
