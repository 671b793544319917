import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conventionOf, statementOf } from './conventions.ts'

const NONE = { code: 'request.not_found' }
const BY_FORWARD = ['apisix', 'caddy', 'haproxy', 'nginx', 'traefik']

test('each gateway has an address of its own, with or without a query', () => {
  for (const name of BY_FORWARD) {
    const { prefix, sendsEach, told } = conventionOf(`/forward-auth/${name}`)
    assert.deepEqual([prefix, sendsEach], ['', false])
    assert.ok(told)
    assert.deepEqual(
      conventionOf(`/forward-auth/${name}?a=b`),
      conventionOf(`/forward-auth/${name}`),
    )
  }
  const { leavesPort, prefix, sendsEach, told } = conventionOf('/ext-authz/things?a')
  assert.deepEqual([leavesPort, prefix, sendsEach, told], [false, '/ext-authz', false, undefined])
  const withoutPort = BY_FORWARD.filter((name) => conventionOf(`/forward-auth/${name}`).leavesPort)
  assert.deepEqual(withoutPort, ['apisix'])
})

test('an address at which no gateway asks is refused', () => {
  for (const url of [
    ...['', '/', '/forward-auth', '/forward-auth/', '/forward-auth/other', '/ext-authz'],
    ...['/forward-auth/nginx/', '/forward-auth/nginx/x', 'x/ext-authz/', '/constructor'],
    ...['/bodies', '/bodies/', '/bodies/other', '/bodies/bodies/ext-authz/', 'constructor'],
  ])
    assert.throws(() => conventionOf(url), NONE, url)
})

test('a gateway promises in its address that it sends each body, unless it says so for each request', () => {
  for (const name of ['apisix', 'traefik']) {
    const { sendsEach, prefix } = conventionOf(`/bodies/forward-auth/${name}`)
    assert.deepEqual([sendsEach, prefix], [true, '/bodies'])
  }
  const { prefix, sendsEach } = conventionOf('/bodies/ext-authz/things')
  assert.deepEqual([prefix, sendsEach], ['/bodies/ext-authz', true])
  for (const name of ['caddy', 'haproxy', 'nginx'])
    assert.throws(() => conventionOf(`/bodies/forward-auth/${name}`), NONE, name)
})

test('an operator is told how their gateway says that there is no body', () => {
  assert.equal(statementOf(conventionOf('/forward-auth/nginx')), '`Remit-Body: none`')
  const traefik = statementOf(conventionOf('/forward-auth/traefik'))
  assert.equal(traefik, 'an address that begins with `/bodies/`')
  const envoy = statementOf(conventionOf('/ext-authz/'))
  assert.equal(envoy, 'an address that begins with `/bodies/` as `path_prefix`')
})
