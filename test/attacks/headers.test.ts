import assert from 'node:assert/strict'
import { it } from 'node:test'
import { API_PREFIX } from '../../src/console/api/index.ts'
import { OPERATIONS } from '../../src/programs/every-operation.ts'
import { type Answer, send } from '../wire.ts'
import { inOneWorld } from '../world.ts'

const PAGES = [
  '/',
  '/sign-in',
  '/sign-in/callback',
  '/sign-in/callback?state=x&code=y',
  '/sign-out',
  `/setup/${'x'.repeat(43)}`,
  '/consent/cns_x',
  '/approvals',
  '/approvals/req_x',
  '/tasks',
  '/tasks/tsk_x',
  '/decisions/dec_x',
  '/cli',
  '/confirm/cnf_x',
  '/nothing',
  '/livez',
  '/readyz',
]
const PROTOCOL = [
  '/oauth/token',
  '/oauth/revoke',
  '/oauth/authorize',
  '/oauth/par',
  '/oauth/nothing',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/v1/tasks/tsk_x',
  '/v1/tasks/tsk_x/requests',
  '/v1/tasks/tsk_x/requests/req_x',
]

/**
 * Asserts the headers that every answer of the issuer's origin gives a browser, whoever wrote it.
 */
function assertGuarded(answer: Answer, place: string): void {
  const { headers } = answer
  const policy = String(headers['content-security-policy'])
  assert.match(policy, /default-src 'none'/, place)
  assert.match(policy, /frame-ancestors 'none'/, place)
  assert.match(policy, /form-action 'self'/, place)
  assert.match(policy, /base-uri 'none'/, place)
  assert.doesNotMatch(policy, /unsafe|\*|script-src/, place)
  assert.equal(headers['x-content-type-options'], 'nosniff', place)
  assert.equal(headers['x-frame-options'], 'DENY', place)
  assert.equal(headers['referrer-policy'], 'no-referrer', place)
  assert.equal(headers['cross-origin-opener-policy'], 'same-origin', place)
  assert.equal(headers['cross-origin-resource-policy'], 'same-origin', place)
  // The protocol is for programs on any page; it knows no cookies.
  if (!/ \/(?:oauth|\.well-known)\//.test(place))
    assert.equal(headers['access-control-allow-origin'], undefined, place)
  assert.equal(headers['access-control-allow-credentials'], undefined, place)
  for (const telling of ['server', 'x-powered-by', 'via'])
    assert.equal(headers[telling], undefined, `${place} ${telling}`)
  assert.equal(headers['cache-control'], 'no-store', place)
  for (const cookie of headers['set-cookie'] ?? []) {
    assert.match(cookie, /; HttpOnly/i, `${place} ${cookie}`)
    assert.match(cookie, /; SameSite=(?:Lax|Strict)/i, `${place} ${cookie}`)
  }
}

inOneWorld('what every answer says', (world) => {
  it('pages, protocol and API: never cached, never framed, no script, nothing told about us', async () => {
    const w = world()
    const paths = [...PAGES, ...PROTOCOL, ...OPERATIONS.map(({ path }) => API_PREFIX + path)]
    for (const path of paths)
      for (const method of ['GET', 'POST', 'OPTIONS', 'PUT', 'TRACE', 'BREW']) {
        const answer = await send(w.issuer + path, {
          method,
          headers: [
            ['Origin', w.issuer],
            ['Accept', 'text/html'],
          ],
        })
        // Node itself answers a method that it does not know, with nothing in it.
        if (method === 'BREW' && answer.status === 400 && answer.text === '') continue
        assertGuarded(answer, `${method} ${path} ${answer.status}`)
        assert.ok(answer.status < 500, `${method} ${path} ${answer.status} ${answer.text}`)
      }
  })

  it('O9, O10: pages of somebody who is signed in', async () => {
    const w = world()
    for (const name of ['sam', 'fiona', 'ada'] as const) {
      const browser = await w.browser(name)
      const cookie = `remit_session=${browser.cookie(w.issuer, 'remit_session')}`
      for (const path of PAGES) {
        if (path.startsWith('/sign')) continue
        assertGuarded(
          await send(w.issuer + path, { headers: [['Cookie', cookie]] }),
          `${name} ${path}`,
        )
      }
    }
  })

  it('keys may be cached for as long as they are announced ahead', async () => {
    const answer = await send(`${world().issuer}/oauth/jwks`)
    assert.equal(answer.status, 200)
    assert.match(String(answer.headers['cache-control']), /^public, max-age=\d+$/)
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    const keys = answer.body.keys as Record<string, unknown>[] // RFC 7517
    assert.ok(keys.length > 0)
    for (const key of keys) assert.equal('d' in key, false)
  })

  it('the gateway’s own answers are never cached, and no page can be made of them', async () => {
    const w = world()
    for (const path of [
      '/',
      '/echo',
      '/echo/things/1',
      '/nothing',
      '/.well-known/x',
      '/.well-known/oauth-protected-resource/echo',
    ])
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
        const answer = await send(w.gateway + path, { method })
        assert.equal(answer.headers['cache-control'], 'no-store', `${method} ${path}`)
        assert.equal(answer.headers['x-content-type-options'], 'nosniff', `${method} ${path}`)
        assert.equal(answer.headers['remit-answer'], 'own', `${method} ${path}`)
        assert.equal(answer.headers['set-cookie'], undefined)
        assert.equal(answer.headers['access-control-allow-origin'], undefined)
        assert.match(String(answer.headers['content-type']), /^application\/(?:problem\+)?json$/)
        assert.ok(answer.status < 500, `${method} ${path}`)
      }
  })
})
