import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { PROBLEMS } from '../../src/platform/lib/problem.ts'
import { type Answer, send } from '../wire.ts'
import { inOneWorld } from '../world.ts'

/**
 * Endpoints for browsers, which answer with pages. Every other endpoint of the metadata answers
 * programs.
 */
const NOT_FOR_PROGRAMS = ['authorization_endpoint']

/** Bodies that are no request, in every way that there is, and requests of nobody. */
const FORMS: readonly (readonly [name: string, body: string])[] = [
  ['empty', ''],
  ['something unknown', 'x=y'],
  ['a parameter twice', 'client_id=a&client_id=b&token=x&grant_type=x&grant_type=y'],
  ['broken', '%zz=%'],
  ['a client that there is not', 'client_id=nobody&token=x&response_type=code&login_hint=x'],
  ['a grant that there is not', 'grant_type=urn%3Ax&client_id=nobody'],
  ['a grant without anything', 'grant_type=authorization_code&client_id=nobody'],
  [
    'an assertion that is none',
    'client_id=x&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=x.y.z&grant_type=client_credentials&token=remit_dc_x&purpose=x&login_hint=x',
  ],
]

inOneWorld(
  'errors at all endpoints of OAuth',
  (world) => {
    const endpoints = new Map<string, string>()

    before(async () => {
      const { body } = await send(`${world().issuer}/.well-known/oauth-authorization-server`)
      for (const [name, value] of Object.entries(body))
        if (/_endpoint$/.test(name) && !NOT_FOR_PROGRAMS.includes(name))
          endpoints.set(name, String(value))
    })

    function assertOurForm({ body, headers, status, text }: Answer, where: string): void {
      assert.ok(status >= 400 && status < 500, `${where}: ${status} ${text}`)
      const type = String(headers['content-type'])
      assert.match(type, /^application\/(json|problem\+json)/, where)
      const { error, error_description: why } = body
      // CIBA section 13 names all members of its errors: there ours are in headers alone.
      const { code = headers['remit-problem'], request_id: id = headers['request-id'] } = body
      assert.equal(typeof error, 'string', `${where}: ${text}`)
      assert.match(String(error), /^[a-z_]+$/, `${where}: ${text}`)
      assert.match(String(why), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, `${where}: ${text}`)
      assert.ok(Object.hasOwn(PROBLEMS, String(code)), `${where}: ${text}`)
      assert.equal(id, headers['request-id'], where)
    }

    const post = (url: string, body: string, accept = 'application/json') =>
      send(url, {
        method: 'POST',
        headers: [
          ['Content-Type', 'application/x-www-form-urlencoded'],
          ['Accept', accept],
        ],
        body,
      })

    it('have `error`, `error_description`, a stable `code` and the id of the request', async () => {
      const names = [...endpoints.keys()]
      for (const name of ['token', 'revocation', 'introspection', 'pushed_authorization_request'])
        assert.ok(names.includes(`${name}_endpoint`), name)
      for (const [name, url] of endpoints) {
        if (!name.includes('metadata') && name !== 'challenge_endpoint')
          for (const [form, body] of FORMS) {
            const answer = await post(url, body)
            // Whoever revokes what is no token is told that it works no more (RFC 7009 section 2.2).
            if (name === 'revocation_endpoint' && answer.status === 200) continue
            assertOurForm(answer, `${name}, ${form}`)
          }
        if (name.includes('metadata')) continue
        assertOurForm(await send(url, { method: 'PUT' }), `${name}, another method`)
      }
    })

    it('are no pages, whoever asks', async () => {
      for (const [name, url] of endpoints)
        if (!name.includes('metadata') && name !== 'challenge_endpoint')
          assertOurForm(await post(url, '', 'text/html'), name)
    })

    it('of the authorization endpoint are a page with the same code and id', async () => {
      const answer = await send(`${world().issuer}/oauth/authorize?client_id=nobody`)
      assert.equal(answer.status, 400)
      assert.match(answer.text, /authorization\.bad_request/)
      assert.ok(answer.text.includes(String(answer.headers['request-id'])))
    })
  },
  { deviceCodes: true },
)
