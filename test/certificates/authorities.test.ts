import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import type { CertificateName } from '../../src/identity/agent-authentication/certificates/certificate-name.ts'
import { addIssuer, revokeIssuer } from '../../src/identity/issuers/index.ts'
import { findTask } from '../../src/tasks/tasks/index.ts'
import { ID_TOKEN, TOKEN_EXCHANGE } from '../agent.ts'
import { addAgent } from '../delegation.ts'
import { assertNoToken, assertRefused } from '../refusals.ts'
import { newKey } from '../signing.ts'
import { startUpstream } from '../upstream.ts'
import { send } from '../wire.ts'
import { inOneWorld } from '../world.ts'
import { type CertificateOptions, certificate, pemOf, type SelfSigned } from './certificate.ts'
import { TlsProxy } from './proxy.ts'

const CA = { ca: true, usage: 0x06 } as const
const root = certificate({ subject: [['CN', 'house']], ...CA })
const middle = certificate({ subject: [['CN', 'room']], by: root, ...CA })
const folder = mkdtempSync(join(tmpdir(), 'remit-ca-'))
const file = join(folder, 'ca.pem')
writeFileSync(file, `# the house\n${pemOf(root.der)}`)
after(() => rmSync(folder, { recursive: true }))

/** Issues a certificate with what leads to the root, as clients send it. */
function issue(over: Partial<CertificateOptions> = {}, by = middle): SelfSigned {
  const leaf = certificate({ subject: [['CN', 'somebody']], usage: 0x80, by, ...over })
  return { ...leaf, certPem: leaf.certPem + pemOf(by.der) }
}

const DOMAIN = 'spiffe://prod.example'
const SVID = `${DOMAIN}/agents/refunds`

inOneWorld(
  'agents that are known by certificates of an authority',
  (world) => {
    let proxy: TlsProxy

    before(async () => {
      proxy = await TlsProxy.start(world().issuer)
      world().onStop(() => proxy.close())
    })

    const post = async (
      path: string,
      shown: SelfSigned | undefined,
      form: Readonly<Record<string, string>>,
      key?: Awaited<ReturnType<typeof newKey>>,
    ) => {
      const w = world()
      const url = w.issuer + path
      const proof = key && (await w.agent.proof(key, { method: 'POST', url }))
      return proxy.send(url, shown, {
        method: 'POST',
        headers: [
          ['Content-Type', 'application/x-www-form-urlencoded'],
          ...(proof === undefined ? [] : [['DPoP', proof] as const]),
        ],
        body: new URLSearchParams(form).toString(),
      })
    }

    async function open(shown: SelfSigned | undefined, client_id: string) {
      const w = world()
      const form = {
        ...{ grant_type: TOKEN_EXCHANGE, subject_token_type: ID_TOKEN, client_id },
        ...{ subject_token: await w.idToken(), purpose: 'look at orders', scope: 'orders.read' },
      }
      return post('/oauth/token', shown, form, await newKey())
    }

    const refused = async (shown: SelfSigned | undefined, hint: string, client_id = 'refund-bot') =>
      assertNoToken(await open(shown, client_id), 'invalid_client', 'agent.unauthenticated', hint)

    it('by each kind of name that an administrator says is theirs, and by no other', async () => {
      const w = world()
      const ada = await w.api('ada')
      const names = '/agents/refund-bot/certificate-names'
      const cases: [
        CertificateName,
        shown: Partial<CertificateOptions>,
        other: Partial<CertificateOptions>,
      ][] = [
        [
          { kind: 'subject_dn', value: 'CN=refund-bot,O=Acme' },
          {
            subject: [
              ['O', 'Acme'],
              ['CN', 'refund-bot'],
            ],
          },
          {
            subject: [
              ['CN', 'refund-bot'],
              ['O', 'Acme'],
            ],
          },
        ],
        [
          { kind: 'san_dns', value: 'Bot.Inside.example' },
          { dns: ['other.example', 'bot.inside.example'] },
          { dns: ['*.inside.example'] },
        ],
        [
          { kind: 'san_uri', value: 'urn:acme:bot' },
          { uris: ['urn:acme:bot'] },
          { dns: ['urn:acme:bot'] },
        ],
        [{ kind: 'san_ip', value: '10.0.0.7' }, { ips: [[10, 0, 0, 7]] }, { ips: [[10, 0, 0, 8]] }],
        [
          { kind: 'san_email', value: 'bot@acme.example' },
          { emails: ['bot@acme.example'] },
          { emails: ['Bot@acme.example'] },
        ],
      ]
      for (const [name, shown, other] of cases) {
        await refused(issue(shown), `${name.kind} before it is said`)
        const added = await ada.send('POST', names, name)
        assert.equal(added.status, 200, added.text)
        const opened = await open(issue(shown), 'refund-bot')
        assert.equal(opened.status, 200, `${name.kind} ${opened.text}`)
        const task = await findTask(w.rooms.storage.read, String(opened.body.task_id))
        assert.equal(task?.agentId, 'refund-bot')
        await refused(issue(other), name.kind)
        await refused(certificate({ subject: [['CN', 'x']], ...shown }), 'of no authority')
        const gone = await ada.send('POST', `${names}/remove`, name)
        assert.deepEqual(gone.body.certificate_names, [], gone.text)
        await refused(issue(shown), `${name.kind} after it was taken back`)
      }
      const { body } = await send(`${w.issuer}/.well-known/oauth-authorization-server`)
      const methods = body.token_endpoint_auth_methods_supported as string[]
      assert.ok(
        methods.includes('tls_client_auth') && methods.includes('self_signed_tls_client_auth'),
      )
    })

    it('one name is of one agent, and of one that can have it', async () => {
      const w = world()
      await addAgent(w, 'other-bot', 'ada')
      const ada = await w.api('ada')
      const name = { kind: 'san_dns', value: 'twice.example' }
      assert.equal(
        (await ada.send('POST', '/agents/refund-bot/certificate-names', name)).status,
        200,
      )
      const twice = await ada.send('POST', '/agents/other-bot/certificate-names', name)
      assertRefused(twice, 'agent.certificate_name_taken')
      await refused(issue({ dns: ['twice.example'] }), 'as another agent', 'other-bot')
      for (const [kind, value] of [
        ['subject_dn', 'refund-bot'],
        ['san_dns', '*.example'],
        ['san_ip', '10.0.0'],
        ['san_uri', 'no uri'],
        ['san_email', 'nobody'],
      ])
        assertRefused(
          await ada.send('POST', '/agents/refund-bot/certificate-names', { kind, value }),
          'agent.bad_certificate_name',
        )
      const sam = await w.api('sam')
      assert.equal(
        (await sam.send('POST', '/agents/refund-bot/certificate-names', name)).status,
        403,
      )
    })

    it('at every endpoint where agents authenticate', async () => {
      const w = world()
      const shown = issue({ dns: ['twice.example'] })
      const client_id = 'refund-bot'
      const { id: login_hint } = await w.person('sam')
      const wish = { scope: 'orders.read', purpose: 'look at orders', client_id }
      // A consent that covers it would answer the question by itself.
      const asked = await w.withoutConsents('sam', () =>
        post('/oauth/bc-authorize', shown, { ...wish, login_hint }),
      )
      assert.equal(asked.status, 200, asked.text)
      const device = await post('/oauth/device_authorization', shown, wish)
      assert.equal(device.status, 200, device.text)
      const { token } = await w.agent.open({
        subjectToken: await w.idToken(),
        scope: 'orders.read',
      })
      const told = await post('/oauth/introspect', shown, { token, client_id })
      assert.equal(told.body.active, true, told.text)
      const key = await newKey()
      const poll = {
        grant_type: 'urn:openid:params:grant-type:ciba',
        ...{ auth_req_id: String(asked.body.auth_req_id), client_id },
      }
      const waits = await post('/oauth/token', shown, poll, key)
      assert.equal(waits.body.error, 'authorization_pending', waits.text)
      const cancel = { token: String(asked.body.auth_req_id), client_id }
      const not = await post('/oauth/revoke', issue({ dns: ['x.example'] }), cancel, key)
      assert.equal(not.status, 401, not.text)
      assert.equal((await post('/oauth/revoke', shown, cancel, key)).status, 200)
      const after = await post('/oauth/token', shown, poll, key)
      assert.equal(after.body.error, 'access_denied', after.text)
    })

    it('an X.509-SVID is of the workload that its one URI names, by an authority of that domain', async () => {
      const w = world()
      const { id: by } = await w.person('ada')
      const spire = certificate({ subject: [['O', 'SPIRE']], uris: [DOMAIN], ...CA })
      const between = certificate({ subject: [['O', 'node']], by: spire, uris: [DOMAIN], ...CA })
      const stray = certificate({
        subject: [['O', 'x']],
        by: spire,
        uris: ['spiffe://dev.example'],
        ...CA,
      })
      const bundle = await startUpstream()
      w.onStop(() => bundle.close())
      const { crv, kty, x, y } = spire.key.export({ format: 'jwk' })
      const x5c = [spire.der.toString('base64')]
      bundle.answer = (_, reply) => {
        const keys = [
          { kty, crv, x, y, use: 'x509-svid', x5c },
          { kty, crv, x, y, use: 'x509-svid', x5c: ['AAAA', 'AAAA'] },
          { kty, crv, x, y, use: 'jwt-svid', kid: 'k', x5c: [root.der.toString('base64')] },
        ]
        reply.writeHead(200, { 'content-type': 'application/json' })
        reply.end(JSON.stringify({ keys, spiffe_refresh_hint: 300 }))
      }
      await addIssuer(w.rooms.issuers, {
        ...{ name: 'mesh', issuer: DOMAIN, uses: ['workload'], trust: 3, ceiling: null },
        keys: { spiffe_bundle: `${bundle.origin}/bundle.json` },
        rules: [{ name: 'refunds', when: [{ claim: 'sub', equals: SVID }], agent: 'refund-bot' }],
        ...{ mostLifeSeconds: 86_400, ownerId: by, by },
      })
      const day = 24 * 3_600_000
      const svid = (over: Partial<CertificateOptions> = {}, signer = between) =>
        issue(
          { subject: [['O', 'SPIRE']], uris: [SVID], to: Date.now() + day / 2, ...over },
          signer,
        )
      const opened = await open(svid(), SVID)
      assert.equal(opened.status, 200, opened.text)
      assert.equal(opened.body.token_type, 'DPoP')
      const task = await findTask(w.rooms.storage.read, String(opened.body.task_id))
      assert.deepEqual([task?.agentId, task?.issuers], ['refund-bot', ['mesh']])
      const other = `${DOMAIN}/agents/other`
      const wrong: Record<string, [shown: SelfSigned | undefined, id?: string]> = {
        'no certificate': [undefined],
        'another ID than it says': [svid(), other],
        'another ID than is in it': [svid({ uris: [other] })],
        'two URIs': [svid({ uris: [SVID, other] })],
        'its own ID, and one more': [svid({ uris: [SVID, SVID] })],
        'no URI': [svid({ uris: [] })],
        'in a host name': [svid({ uris: [], dns: [SVID] })],
        'signed by itself': [certificate({ subject: [['O', 'x']], uris: [SVID], usage: 0x80 })],
        'by an authority of another purpose': [issue({ uris: [SVID] })],
        'by one of another domain': [svid({}, stray)],
        'an authority': [svid({ ca: true })],
        'one that signs': [svid({ usage: 0x84 })],
        'too long': [svid({ to: Date.now() + 2 * day })],
        'of a domain that nobody trusts': [svid(), 'spiffe://dev.example/agents/refunds'],
      }
      for (const [name, [shown, id = SVID]] of Object.entries(wrong)) {
        const answer = await open(shown, id)
        assert.equal(answer.body.access_token, undefined, name)
        const expected = shown ? 'agent.unauthenticated' : 'oauth.invalid_request'
        assert.equal(answer.body.code, expected, `${name}: ${answer.text}`)
      }
      await revokeIssuer(w.rooms.issuers, { name: 'mesh', by, reason: 'over' })
      await refused(svid(), 'the trust has ended', SVID)
    })
  },
  {
    certificatesFrom: '127.0.0.1, ::1',
    deviceCodes: true,
    settings: { REMIT_CLIENT_CA_FILE: file },
  },
)
