import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { before, it } from 'node:test'
import express from 'express'
import { direct } from 'remit-sdk/api'
import { expressGuard } from 'remit-sdk/express'
import { addKey } from '../../src/identity/agents/index.ts'
import { clientWith } from '../../src/identity/machine-clients/testing.ts'
import { ID_TOKEN, JWT_BEARER, TOKEN_EXCHANGE } from '../agent.ts'
import { askAs } from '../introspection/asking.ts'
import { assertDenied, assertNoToken, assertRefused, assertUnidentified } from '../refusals.ts'
import { allOf, type KnownShop, letIn, shopDirect } from '../sdk/shops.ts'
import { decode, newKey } from '../signing.ts'
import { type Answer, send, type WireOptions } from '../wire.ts'
import { inOneWorld } from '../world.ts'
import { headerOf, type SelfSigned, selfSigned } from './certificate.ts'
import { TlsProxy } from './proxy.ts'

const FORM = ['Content-Type', 'application/x-www-form-urlencoded'] as const
const ECHO = '/echo/things/1'

inOneWorld(
  'tasks that are bound to a certificate of their own',
  (world) => {
    let issuer: TlsProxy
    let gateway: TlsProxy

    before(async () => {
      const w = world()
      issuer = await TlsProxy.start(w.issuer)
      gateway = await TlsProxy.start(w.gateway)
      w.onStop(async () => {
        await issuer.close()
        await gateway.close()
      })
    })

    const post = (
      certificate: SelfSigned | undefined,
      form: Readonly<Record<string, string>>,
      headers: WireOptions['headers'] = [],
    ) =>
      issuer.send(`${world().issuer}/oauth/token`, certificate, {
        method: 'POST',
        headers: [FORM, ...(headers ?? [])],
        body: new URLSearchParams(form).toString(),
      })

    async function opening(over: Readonly<Record<string, string>> = {}) {
      const w = world()
      return {
        grant_type: TOKEN_EXCHANGE,
        client_assertion_type: JWT_BEARER,
        client_assertion: await w.agent.assertion(),
        subject_token: await w.idToken(),
        subject_token_type: ID_TOKEN,
        purpose: 'look at the order',
        authorization_details: JSON.stringify(w.everything),
        ...over,
      }
    }

    async function open(certificate = selfSigned()) {
      const answer = await post(certificate, await opening())
      assert.equal(answer.status, 200, answer.text)
      return {
        certificate,
        id: String(answer.body.task_id),
        token: String(answer.body.access_token),
        answer,
      }
    }

    const exchange = (task: { id: string; token: string }, certificate: SelfSigned | undefined) =>
      post(certificate, {
        grant_type: TOKEN_EXCHANGE,
        client_id: task.id,
        subject_token: task.token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: `${world().gateway}/echo`,
      })

    const call = (
      certificate: SelfSigned | undefined,
      token: string,
      headers: WireOptions['headers'] = [['Authorization', `Bearer ${token}`]],
    ): Promise<Answer> => gateway.send(world().gateway + ECHO, certificate, { headers })

    it('opens, exchanges, calls and closes by nothing but the certificate of the connection', async () => {
      const w = world()
      const task = await open()
      assert.equal(task.answer.body.token_type, 'Bearer')
      assert.deepEqual(decode(task.token).claims.cnf, { 'x5t#S256': task.certificate.x5t })
      const answer = await exchange(task, task.certificate)
      assert.equal(answer.status, 200, answer.text)
      assert.equal(answer.body.token_type, 'Bearer')
      const token = String(answer.body.access_token)
      assert.deepEqual(decode(token).claims.cnf, { 'x5t#S256': task.certificate.x5t })
      for (const _ of [1, 2]) {
        const called = await call(task.certificate, token)
        assert.equal(called.status, 200, called.text)
      }
      assert.equal(w.echo.reached.at(-1)?.headers['client-cert'], undefined, 'it goes no further')
      const told = (await askAs(w, w.agent, token)).body
      assert.deepEqual(told.cnf, { 'x5t#S256': task.certificate.x5t })
      assert.equal(told.token_type, 'Bearer')
      const own = await issuer.send(`${w.issuer}/v1/tasks/${task.id}`, task.certificate, {
        method: 'DELETE',
        headers: [['Authorization', `Bearer ${task.token}`]],
      })
      assert.ok(own.status < 300, own.text)
      assertDenied(await call(task.certificate, token), 'task.closed')
    })

    it('metadata says so, of the server and of the resource', async () => {
      const w = world()
      const { body } = await send(`${w.issuer}/.well-known/oauth-authorization-server`)
      assert.equal(body.tls_client_certificate_bound_access_tokens, true)
      const methods = body.token_endpoint_auth_methods_supported as string[]
      assert.ok(methods.includes('self_signed_tls_client_auth'))
      const resource = await send(`${w.gateway}/.well-known/oauth-protected-resource/orders`)
      assert.equal(resource.body.tls_client_certificate_bound_access_tokens, true)
    })

    it('D4: another certificate, none, or a proof instead: refused, at every door', async () => {
      const w = world()
      const task = await open()
      const token = String((await exchange(task, task.certificate)).body.access_token)
      const other = selfSigned()
      assertDenied(await call(other, token), 'certificate.wrong')
      assertUnidentified(await call(undefined, token), 'certificate.missing')
      // The same key in another certificate is another certificate.
      const renewed = selfSigned({ key: task.certificate.key })
      assertDenied(await call(renewed, token), 'certificate.wrong')
      const key = await newKey()
      const url = w.gateway + ECHO
      const proof = await w.agent.proof(key, { method: 'GET', url, token })
      const dpop = [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', proof],
      ] as const
      assertDenied(await call(task.certificate, token, dpop), 'proof.wrong_key')
      const bare = [['Authorization', `DPoP ${token}`]] as const
      assertDenied(await call(task.certificate, token, bare), 'proof.missing')
      assertNoToken(await exchange(task, other), 'invalid_grant', 'certificate.wrong')
      assertNoToken(await exchange(task, undefined), 'invalid_request', 'proof.missing')
      const read = await issuer.send(`${w.issuer}/v1/tasks/${task.id}`, other, {
        headers: [['Authorization', `Bearer ${task.token}`]],
      })
      assertRefused(read, 'certificate.wrong')
    })

    it('D4: what is bound to a DPoP key is not opened by any certificate', async () => {
      const w = world()
      const task = await w.open()
      const token = await w.agent.token(task, `${w.gateway}/echo`)
      assertUnidentified(await call(selfSigned(), token), 'token.wrong_scheme')
      assertNoToken(await exchange(task, selfSigned()), 'invalid_dpop_proof', 'proof.wrong_key')
    })

    it('a direct API learns it from its own connection, or from its proxy, and from nobody else', async () => {
      const w = world()
      const trusted = { from: ['127.0.0.1', '::1'] }
      const shop = await shopDirect(w, 'express', { clientCertificates: trusted })
      const wary = await shopDirect(w, 'fastify', { clientCertificates: { from: ['192.0.2.7'] } })
      const blind = await shopDirect(w, 'web')
      const shops = [shop, wary, blind]
      await letIn(w, shops)
      const asking = { resource: shop.name }
      const { secret } = await clientWith(w.rooms.clients, 'tls-asker', 'enforcer', asking)
      const guard = direct({
        ...{ issuer: w.issuer, resource: shop.identifier, secret },
        clientCertificates: 'tls',
      })
      const app = express()
      app.get('/items', expressGuard(guard)({ action: `${shop.name}.list` }), (_, reply) => {
        reply.json({ done: true })
      })
      const ends = await TlsProxy.before(app)
      const proxies = await Promise.all(shops.map(({ origin }) => TlsProxy.start(origin)))
      w.onStop(async () => {
        for (const each of [ends, ...proxies]) await each.close()
      })
      const certificate = selfSigned()
      const details = JSON.stringify(shops.map(allOf))
      const opened = await post(certificate, await opening({ authorization_details: details }))
      assert.equal(opened.status, 200, opened.text)
      const tokenFor = async ({ identifier }: KnownShop) => {
        const answer = await post(certificate, {
          grant_type: TOKEN_EXCHANGE,
          client_id: String(opened.body.task_id),
          subject_token: String(opened.body.access_token),
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          resource: identifier,
        })
        assert.equal(answer.status, 200, answer.text)
        return String(answer.body.access_token)
      }
      const token = await tokenFor(shop)
      const ask = async (
        through: TlsProxy | undefined,
        shown: SelfSigned | undefined,
        at = shop,
      ) => {
        const bearer = at === shop ? token : await tokenFor(at)
        return through?.send(`${at.identifier}/items`, shown, {
          headers: [['Authorization', `Bearer ${bearer}`]],
        })
      }
      for (const through of [ends, proxies[0]]) {
        assert.equal((await ask(through, certificate))?.status, 200)
        assert.equal((await ask(through, selfSigned()))?.body.code, 'certificate.wrong')
        assert.equal((await ask(through, undefined))?.body.code, 'certificate.missing')
      }
      // At its own TLS connection what a header says is nothing; an address that is no proxy may not say it.
      const forged = [
        ['Authorization', `Bearer ${token}`],
        ['Client-Cert', headerOf(certificate.der)],
      ] as const
      const claimed = await ends.send(`${shop.identifier}/items`, undefined, { headers: forged })
      assert.equal(claimed.body.code, 'certificate.missing')
      assert.equal((await ask(proxies[1], certificate, wary))?.body.code, 'request.bad_header')
      assert.equal((await ask(proxies[2], certificate, blind))?.body.code, 'certificate.missing')
      for (const value of ['x', '::', ':AAA:', `:${'A'.repeat(9000)}:`, ':AAAA:, :AAAA:']) {
        const headers = [
          ['Authorization', `Bearer ${token}`],
          ['Client-Cert', value],
        ] as const
        const answer = await send(`${shop.identifier}/items`, { headers })
        assert.equal(answer.body.code, 'request.bad_header', value.slice(0, 20))
      }
      assert.deepEqual([shop.handled.length, wary.handled.length, blind.handled.length], [1, 0, 0])
    })

    it('a certificate serves one task, for ever', async () => {
      const task = await open()
      const again = await post(task.certificate, await opening())
      assertNoToken(again, 'invalid_request', 'task.key_used')
    })

    it('an agent is known by the key of its certificate; the task gets a key of its own', async () => {
      const w = world()
      const { id: by } = await w.person('ada')
      const base = selfSigned()
      const jwk = base.key.export({ format: 'jwk' })
      const { d: _, ...publicJwk } = jwk
      await addKey(w.rooms.agents, { agentId: 'refund-bot', jwk: publicJwk, by })
      const { client_assertion: __, client_assertion_type: ___, ...form } = await opening()
      const by_certificate = { ...form, client_id: 'refund-bot' }
      const key = await newKey()
      const url = `${w.issuer}/oauth/token`
      const proof = async () =>
        [['DPoP', await w.agent.proof(key, { method: 'POST', url })]] as const
      // The base credential opens tasks, and binds none.
      const unbound = await post(base, by_certificate)
      assertNoToken(unbound, 'invalid_request', 'proof.missing')
      const stranger = await post(selfSigned(), by_certificate, await proof())
      assertNoToken(stranger, 'invalid_client', 'agent.unauthenticated')
      const nobody = await post(base, { ...by_certificate, client_id: 'nobody' }, await proof())
      assertNoToken(nobody, 'invalid_client', 'agent.unauthenticated')
      const opened = await post(base, by_certificate, await proof())
      assert.equal(opened.status, 200, opened.text)
      assert.equal(opened.body.token_type, 'DPoP')
      const { claims } = decode(String(opened.body.access_token))
      assert.deepEqual(claims.cnf, { jkt: key.thumbprint })
      // Its own key proves it, whoever signed the certificate; a certificate without the key proves nothing.
      const agentKey = createPrivateKey({ key: { ...w.agent.key.privateJwk }, format: 'jwk' })
      const fresh = await newKey()
      const dpop = await w.agent.proof(fresh, { method: 'POST', url })
      const again = await post(
        selfSigned({ key: agentKey }),
        {
          ...by_certificate,
          subject_token: await w.idToken(),
        },
        [['DPoP', dpop]],
      )
      assert.equal(again.status, 200, again.text)
    })

    it('a certificate that is not of now, or none at all in the header: refused', async () => {
      const w = world()
      const now = w.clock.now()
      const cases = [
        headerOf(selfSigned({ to: now - 1000 }).der),
        headerOf(selfSigned({ from: now + 3_600_000 }).der),
        ':AAAA:',
        '::',
        'x',
        headerOf(Buffer.concat([selfSigned().der, Buffer.from('more')])),
        headerOf(selfSigned().der).slice(1),
        `:${'A'.repeat(9000)}:`,
      ]
      for (const value of cases) {
        const headers = [
          ['Client-Cert', value],
          ['Authorization', 'Bearer x'],
        ] as const
        const answer = await send(w.gateway + ECHO, { headers })
        assertRefused(answer, 'request.bad_header', value.slice(0, 20))
      }
      const twice = headerOf(selfSigned().der)
      const answer = await send(`${w.issuer}/oauth/token`, {
        method: 'POST',
        headers: [FORM, ['Client-Cert', twice], ['Client-Cert', twice]],
        body: 'grant_type=client_credentials',
      })
      assert.equal(answer.status, 400, answer.text)
    })
  },
  { certificatesFrom: '127.0.0.1, ::1' },
)

inOneWorld(
  'a server that another proxy stands in front of',
  (world) => {
    it('believes nobody else about certificates (Vault CVE-2020-16250: upstream identity headers)', async () => {
      const w = world()
      const { der } = selfSigned()
      const certificate = ['Client-Cert', headerOf(der)] as const
      const at = await send(w.gateway + ECHO, {
        headers: [certificate, ['Authorization', 'Bearer x']],
      })
      assertRefused(at, 'request.bad_header')
      const token = await send(`${w.issuer}/oauth/token`, {
        method: 'POST',
        headers: [FORM, certificate],
        body: 'grant_type=client_credentials',
      })
      assert.equal(token.body.code, 'request.bad_header', token.text)
    })
  },
  { certificatesFrom: '192.0.2.7' },
)

inOneWorld('a server that no proxy stands in front of', (world) => {
  it('reads no certificates: a header changes nothing', async () => {
    const w = world()
    const { der } = selfSigned()
    const task = await w.open()
    const headers = [['Client-Cert', headerOf(der)]] as const
    const answer = await w.agent.call(task, 'GET', ECHO, { headers })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(w.echo.reached.at(-1)?.headers['client-cert'], undefined)
    const { body } = await send(`${w.issuer}/.well-known/oauth-authorization-server`)
    assert.equal(body.tls_client_certificate_bound_access_tokens, undefined)
    const methods = body.token_endpoint_auth_methods_supported as string[]
    assert.ok(!methods.includes('self_signed_tls_client_auth'))
  })
})
