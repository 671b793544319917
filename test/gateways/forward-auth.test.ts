import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { removeClient } from '../../src/identity/machine-clients/index.ts'
import { clientWith } from '../../src/identity/machine-clients/testing.ts'
import { enginesOf } from '../../src/platform/storage/testing.ts'
import type { OpenTask } from '../agent.ts'
import { addRules, approve } from '../sdk/shops.ts'
import { decode } from '../signing.ts'
import { type Answer, headOnly, send } from '../wire.ts'
import { type Store, startStore, storeTask } from './store.ts'

type Headers = readonly (readonly [string, string])[]

/** A call as its gateway tells it; what is left out is right. */
interface ForwardedCall {
  readonly via?: 'nginx' | 'caddy' | 'haproxy' | 'traefik' | 'apisix' | 'envoy'
  readonly method?: string
  /** Behind the store's own path. */
  readonly path?: string
  /** Instead of the whole target. */
  readonly target?: string
  readonly headers?: Headers
  /** Instead of the secret of the gateway. */
  readonly secrets?: readonly string[]
  readonly proof?: string
  readonly token?: string
  /** JSON text. */
  readonly body?: string
  /** Instead of the public host of the API; none: nothing is said. */
  readonly hosts?: readonly string[]
  /** True when the gateway says nothing of bodies, as earlier configurations. */
  readonly isSilent?: boolean
}

const NAME = 'gateways of others that ask over HTTP'

const saysBody = (headers: Headers) => headers.some(([name]) => name === 'Remit-Body')

for (const engine of enginesOf(NAME))
  describe(`${NAME} (${engine})`, () => {
    let store: Store
    let task: OpenTask
    let token: string
    before(async () => {
      store = await startStore(engine)
      ;({ task, token } = await storeTask(store))
    })
    after(() => store.world.stop())

    const proofFor = (method: string, target: string, by = task) => {
      const [bare = ''] = target.split('?')
      const url = new URL(store.identifier).origin + bare
      return store.world.agent.proof(by.key, { method, url, token })
    }

    async function ask(told: ForwardedCall = {}): Promise<Answer> {
      const { body, headers = [], method = 'GET', path = '/things/a', via = 'nginx' } = told
      const { isSilent = false, hosts = [new URL(store.identifier).host] } = told
      const target = told.target ?? `/store${path}`
      const proof = told.proof ?? (await proofFor(method, target))
      const own: Headers = [
        ...(told.secrets ?? [store.secret]).map((each) => ['Remit-Enforcer', each] as const),
        ['Authorization', `DPoP ${told.token ?? token}`],
        ['DPoP', proof],
        ...(body === undefined ? [] : [['Content-Type', 'application/json'] as const]),
        ...headers,
      ]
      const sent = body === undefined ? {} : { body }
      const saysEach = via === 'nginx' || via === 'caddy' || via === 'haproxy'
      const at = isSilent || saysEach ? '' : '/bodies'
      if (via === 'envoy') {
        const url = `${store.http}${at}/ext-authz${target}`
        return send(url, { method, headers: own, host: hosts.join(), ...sent })
      }
      const prefix = via === 'nginx' ? 'X-Original' : 'X-Forwarded'
      const isNone = saysEach && !(isSilent || body !== undefined || saysBody(headers))
      const said: Headers = [
        [`${prefix}-Method`, method],
        [via === 'nginx' ? 'X-Original-URI' : 'X-Forwarded-Uri', target],
        ...hosts.map((host) => [`${prefix}-Host`, host] as const),
        ...(isNone ? [['Remit-Body', 'none'] as const] : []),
      ]
      return send(`${store.http}${at}/forward-auth/${via}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: [...own, ...said],
        ...sent,
      })
    }

    const problemOf = (answer: Answer) => {
      const told = Number(answer.headers['remit-status'] ?? answer.status)
      assert.equal(answer.body.status, told, 'the body says the status that the caller is told')
      return String(answer.body.code)
    }

    it('lets a call through that may go, with a transaction token and the id of a recorded decision', async () => {
      for (const via of ['nginx', 'caddy', 'haproxy', 'traefik', 'apisix', 'envoy'] as const) {
        const answer = await ask({ via, path: '/things/a%20b' })
        assert.equal(answer.status, 200, `${via}: ${answer.text}`)
        assert.equal(answer.headers['cache-control'], 'no-store')
        const { claims } = decode(String(answer.headers['txn-token']))
        assert.equal(claims.txn, answer.headers['remit-decision'])
        assert.equal(claims.req_wl, new URL(store.identifier).origin)
        const { arguments: given, location } = claims.tctx as Record<string, unknown> // contract 4
        assert.deepEqual([location, given], [store.identifier, { thing: 'a b' }])
        const ada = await store.world.api('ada')
        const { body } = await ada.send('GET', `/decisions/${claims.txn}`)
        assert.deepEqual(
          [body.outcome, body.state, body.action],
          ['permit', 'sending', 'store.read'],
        )
      }
    })

    it('tells everyone where tokens for the API come from, and nothing of others', async () => {
      const at = (path: string) => send(`${store.http}/.well-known/oauth-protected-resource${path}`)
      const { body } = await at('/store')
      assert.deepEqual(
        [body.resource, body.authorization_servers, body.dpop_bound_access_tokens_required],
        [store.identifier, [store.world.issuer], true],
      )
      for (const path of ['', '/', '/orders', '/store/', '/store?x', '/..', '/store/things'])
        assert.equal(problemOf(await at(path)), 'resource.unknown', path)
    })

    it('is told the outcome by the gateway or the API, once', async () => {
      const answer = await ask()
      const url = `${store.world.issuer}/v1/calls/${answer.headers['remit-decision']}/outcome`
      const report = () =>
        send(url, {
          method: 'POST',
          headers: [
            ['Authorization', `Bearer ${store.secret}`],
            ['Content-Type', 'application/json'],
          ],
          body: JSON.stringify({ state: 'answered', status: 200 }),
        })
      assert.equal((await report()).status, 200)
      assert.equal(problemOf(await report()), 'decision.ended')
    })

    it('answers nobody but the gateway of that API, whatever they say', async () => {
      const { clients } = store.world.rooms
      const pep = await clientWith(clients, 'some-pep', 'pep', {})
      const gone = await clientWith(clients, 'gone', 'enforcer', { resource: 'store' })
      await removeClient(clients, { id: 'gone', by: 'psn_ada' })
      const wrong = [[], ['enf_wrong'], [pep.secret], [gone.secret], [store.secret, store.secret]]
      for (const secrets of wrong) {
        const answer = await ask({ secrets })
        assert.deepEqual([answer.status, problemOf(answer)], [403, 'client.unauthenticated'])
        assert.equal(answer.headers['www-authenticate'], undefined)
      }
      await store.world.trustEcho()
      const other = await clientWith(clients, 'echo-api', 'enforcer', { resource: 'echo' })
      // An API behind Remit's own gateway is not asked about here.
      assert.equal(problemOf(await ask({ secrets: [other.secret] })), 'client.not_direct')
    })

    it('checks the proof for the method and address that the caller used, and takes each once', async () => {
      const wrong = {
        'another method': await proofFor('POST', '/store/things/a'),
        'another path': await proofFor('GET', '/store/things/b'),
      }
      for (const [what, proof] of Object.entries(wrong)) {
        const answer = await ask({ proof })
        assert.equal(answer.status, 401, what)
        assert.match(String(answer.headers['www-authenticate']), /^DPoP error="invalid_dpop_proof"/)
      }
      const proof = await proofFor('GET', '/store/things/a')
      const both = await Promise.all([ask({ proof }), ask({ proof })])
      assert.deepEqual(both.map(({ status }) => status).sort(), [200, 401])
      assert.equal((await ask({ proof })).status, 401)
    })

    it('refuses an address that an API could read in another way', async () => {
      const odd = [
        '//store/things/a',
        '/store//things/a',
        '/store/things/../a',
        '/store/things/%2e%2e/a',
        '/store/things/a%2fb',
        '/store/things/a%5cb',
        '/store/things/a\\b',
        '/store/things/a;b',
        '/other/things/a',
        '/storehouse/things/a',
        'http://127.0.0.1/store/things/a',
      ]
      for (const target of odd) {
        // Of another API nothing is told before the credential holds, and a proof is for what is called.
        const called = /^\/(?:other|storehouse)\//.test(target) ? target : '/store/things/a'
        const proof = await proofFor('GET', called)
        const answer = await ask({ target, proof, via: 'caddy' })
        assert.ok([400, 404].includes(answer.status), `${target}: ${answer.status}`)
        assert.match(problemOf(answer), /^(?:request\.ambiguous_target|action\.unknown)$/, target)
        const { status } = answer
        const again = await ask({ target, proof })
        assert.equal(again.status, 403, 'nginx knows no other status')
        assert.equal(again.headers['remit-status'], `${status}`, 'and tells its caller this one')
      }
    })

    it('refuses repeated credentials, and headers by which the caller would speak for the gateway', async () => {
      const others: Headers = [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', 'x'],
        ['Mcp-Name', 'a'],
        ['X-Forwarded-Uri', '/store/things/b'],
        ['X-Forwarded-Method', 'DELETE'],
        ['X_Forwarded_Uri', '/store/things/b'],
        ['X_Original_Method', 'DELETE'],
        ['Remit_Enforcer', 'x'],
        ['Txn_Token', 'x'],
        ['Remit-Other', 'x'],
        ['X-Original-URL', '/store/things/b'],
        ['X-Rewrite-URL', '/store/things/b'],
        ['X-HTTP-Method-Override', 'DELETE'],
      ]
      for (const [name, value] of others) {
        const twice: Headers = name === 'Mcp-Name' ? [[name, 'b']] : []
        for (const via of ['caddy', 'traefik', 'haproxy'] as const) {
          const answer = await ask({ via, headers: [[name, value], ...twice] })
          assert.equal(problemOf(answer), 'request.bad_header', `${via}: ${name}`)
        }
      }
      const later: Headers = [['X-Original-URI', '/store/things/b']]
      assert.equal((await ask({ headers: later })).status, 403, 'before that of nginx')
      const fine: Headers = [
        ['X-Forwarded-For', '10.0.0.1'],
        ['X-Forwarded-For', '10.0.0.2'],
        ['Cookie', 'a=1'],
      ]
      assert.equal((await ask({ headers: fine })).status, 200)
    })

    it('W3: refuses the host of another, and every header by which an API could take one, or another path or method', async () => {
      const { host } = new URL(store.identifier)
      const [name = '', port = ''] = host.split(':')
      const gateways = ['nginx', 'caddy', 'haproxy', 'traefik', 'envoy'] as const
      const others = ['tenant-b.example', `${name}:1`, name, `${host}.example`, `${host}@x`]
      for (const via of gateways) {
        for (const other of others) {
          const answer = await ask({ via, hosts: [other] })
          const { status } = answer
          const told = via === 'nginx' ? Number(answer.headers['remit-status']) : status
          assert.deepEqual([told, problemOf(answer)], [421, 'request.wrong_host'], other)
        }
        for (const [header, fine, wrong] of [
          ['X-Original-Host', host, 'tenant-b.example'],
          ['X-Forwarded-Host', host, 'tenant-b.example'],
          ['X-Forwarded-Host', `${host}, ${host}`, `${host}, tenant-b.example`],
          ['X-Envoy-Original-Host', host, 'tenant-b.example'],
          ['X-Host', host, 'tenant-b.example'],
          ['X-HTTP-Host-Override', host, 'tenant-b.example'],
          ['Forwarded', `for=_a; host="${host}" ,for=_b`, 'for=_a;Host=tenant-b.example'],
          ['Forwarded', 'for="[2001:db8::1]:80";proto=https', `host="${host}", host=tenant-b`],
          ['Forwarded', 'for=_a', `for="a\\";host=tenant-b;x="`],
        ] as const) {
          // Where the gateway says it itself, what its caller says does not reach us.
          if (header === (via === 'nginx' ? 'X-Original-Host' : 'X-Forwarded-Host')) continue
          const good = await ask({ via, headers: [[header, fine]] })
          assert.equal(good.status, 200, `${via} ${header}: ${good.text}`)
          const bad = await ask({ via, headers: [[header, wrong]] })
          assert.equal(problemOf(bad), 'request.bad_header', `${via} ${header}: ${wrong}`)
        }
        for (const header of [
          ...['X-Accel-Redirect', 'X-Envoy-Original-Path', 'X-Envoy-Original-Method', 'X-Method'],
          ...['X-Forwarded-Path', 'X-Forwarded-Prefix', 'X-Script-Name', 'X_Method', 'X_Host'],
        ]) {
          const bad = await ask({ via, headers: [[header, '/store/things/b']] })
          assert.equal(problemOf(bad), 'request.bad_header', `${via} ${header}`)
        }
      }
      for (const hosts of [[], [host, host]])
        assert.equal(problemOf(await ask({ hosts })), 'request.bad_header', 'has to be said, once')
      assert.equal((await ask({ hosts: [host.toUpperCase()] })).status, 200)
      assert.equal((await ask({ via: 'apisix', hosts: [name] })).status, 200, `without ${port}`)
    })

    it('E 11: the address of the caller is the one that the gateway saw, and none that the caller wrote', async () => {
      const rule = `@id("not-from-there") forbid (principal, action, resource == Resource::"store") when { context.origin.ip == "198.51.100.7" };`
      await addRules(store.world, rule)
      const from = async (...lines: string[]) => {
        const headers = lines.map((line) => ['X-Forwarded-For', line] as const)
        return (await ask({ headers })).status
      }
      assert.equal(await from('192.0.2.66, 192.0.2.67', '198.51.100.7'), 403)
      assert.equal(await from('192.0.2.66, 198.51.100.7'), 403)
      assert.equal(await from('198.51.100.7', '198.51.100.7, 192.0.2.66'), 200)
    })

    describe('bodies', () => {
      const thing = JSON.stringify({ name: 'a', price: 1.5 })
      const post = { method: 'POST', path: '/things' } as const

      it('are decided on where the gateway sends them whole', async () => {
        const ways: readonly ForwardedCall[] = [
          { via: 'traefik' },
          { via: 'apisix' },
          { via: 'haproxy', headers: [['Remit-Body', 'whole']] },
          { via: 'envoy', headers: [['X-Envoy-Auth-Partial-Body', 'false']] },
        ]
        for (const way of ways) {
          const answer = await ask({ ...post, body: thing, ...way })
          assert.equal(answer.status, 200, `${way.via}: ${answer.text}`)
          const { claims } = decode(String(answer.headers['txn-token']))
          const { arguments: given } = claims.tctx as Record<string, unknown> // contract 4
          assert.deepEqual(given, { name: 'a', price: '1.5' })
          const strange = await ask({ ...post, ...way, body: '{"name":"a","name":"b"}' })
          assert.equal(problemOf(strange), 'input.duplicate_key')
          const large = await ask({ ...post, ...way, body: `"${'x'.repeat(1024 * 1024)}"` })
          assert.equal(problemOf(large), 'input.too_large')
        }
      })

      it('that nobody saw whole deny, and the answer names the arguments', async () => {
        const ways: readonly ForwardedCall[] = [
          // Nothing is said.
          { via: 'nginx', isSilent: true },
          { via: 'caddy', isSilent: true },
          { via: 'traefik', isSilent: true },
          { via: 'envoy', isSilent: true },
          // Something is said that is not enough, or by the caller.
          { via: 'nginx', headers: [['Remit-Body', 'unseen']] },
          { via: 'traefik', headers: [['Remit-Body', 'none']], isSilent: true },
          { via: 'envoy', headers: [['X-Envoy-Auth-Partial-Body', 'false']], isSilent: true },
          { via: 'envoy', headers: [['X-Envoy-Auth-Partial-Body', 'true']] },
          { via: 'haproxy', headers: [['Remit-Body', 'partial']], body: thing },
          { via: 'haproxy', body: thing },
          { via: 'envoy', headers: [['X-Envoy-Auth-Partial-Body', 'true']], body: thing },
          { via: 'envoy', body: thing },
        ]
        for (const way of ways) {
          const answer = await ask({ ...post, ...way })
          assert.deepEqual([answer.status, problemOf(answer)], [403, 'arguments.unseen'], way.via)
          assert.deepEqual(answer.body.arguments, ['name', 'size', 'price', 'tags', 'owner'])
        }
      })

      it('deny also where the operation has none: a stranger is not even told that', async () => {
        const unseen: Headers = [['Remit-Body', 'unseen']]
        const known = await ask({ headers: unseen })
        assert.deepEqual([problemOf(known), known.body.arguments], ['arguments.unseen', []])
        assert.equal((await ask({ headers: unseen, proof: 'x' })).status, 401)
        const none = await ask({ ...post, headers: [['Remit-Body', 'none']] })
        assert.equal(problemOf(none), 'arguments.missing', 'there is none, and the API wants one')
      })

      it('E 18: are not waited for before the credential holds', async () => {
        const { host } = new URL(store.identifier)
        const asked = ['/bodies/forward-auth/traefik', '/forward-auth/haproxy'].map((at) =>
          headOnly(store.http + at, 'POST', [
            ['Remit-Enforcer', store.secret],
            ...(at.endsWith('haproxy') ? [['Remit-Body', 'whole'] as const] : []),
            ['Authorization', 'DPoP eyJhbGciOiJFUzI1NiJ9.e30.AAAA'],
            ['Content-Type', 'application/json'],
            ['Content-Length', '900000'],
            ['X-Forwarded-Method', 'POST'],
            ['X-Forwarded-Uri', '/store/things'],
            ['X-Forwarded-Host', host],
          ]),
        )
        for (const answer of await Promise.all(asked)) {
          assert.match(answer, /^HTTP\/1\.1 401 /)
          assert.match(answer, /\r\nconnection: close\r\n/i)
        }
      })

      it('W2: silence proves none, whatever the method, and the operator is told what to add', async () => {
        const missing = {
          nginx: '`Remit-Body: none`',
          caddy: '`Remit-Body: none`',
          haproxy: '`Remit-Body: none`',
          traefik: 'an address that begins with `/bodies/`',
          apisix: 'an address that begins with `/bodies/`',
          envoy: 'an address that begins with `/bodies/` as `path_prefix`',
        } as const
        for (const via of Object.keys(missing) as (keyof typeof missing)[]) // as: its own keys
          for (const method of ['GET', 'DELETE']) {
            const answer = await ask({ via, method, isSilent: true })
            assert.deepEqual([answer.status, problemOf(answer)], [403, 'arguments.unseen'], via)
            const said = `did not say that there is no body (its configuration has to, by ${missing[via]})`
            assert.ok(String(answer.body.detail).includes(said), `${via}: ${answer.text}`)
            const told = await ask({ via, method })
            assert.notEqual(told.body.code, 'arguments.unseen', `${via}: ${told.text}`)
          }
        // The gateway's word, and never its caller's.
        for (const said of ['none', 'sent', 'false']) {
          const headers = [['Remit-Body', said] as const]
          assert.equal(
            problemOf(await ask({ via: 'traefik', isSilent: true, headers })),
            'arguments.unseen',
          )
          const partial = [['X-Envoy-Auth-Partial-Body', said] as const]
          assert.equal(
            problemOf(await ask({ via: 'envoy', isSilent: true, headers: partial })),
            'arguments.unseen',
          )
        }
        const empty: Headers = [['X-Envoy-Auth-Partial-Body', 'false']]
        assert.equal((await ask({ via: 'envoy', headers: empty })).status, 200, 'an empty one')
        const nowhere = await send(`${store.http}/bodies/forward-auth/nginx`, {})
        assert.equal(problemOf(nowhere), 'request.not_found', 'nginx sends no bodies')
      })
    })

    it('denies with an access request that people can answer; the same call then goes once', async () => {
      const call = { method: 'DELETE', via: 'caddy' } as const
      const asked = await ask(call)
      assert.deepEqual([asked.status, problemOf(asked)], [403, 'approval.required'])
      assert.equal(asked.headers['remit-answer'], 'own')
      const inHeader = await ask({ ...call, via: 'nginx' })
      const told = JSON.parse(String(inHeader.headers['remit-problem'])) as Record<string, unknown> // a problem
      assert.deepEqual(told.access_request, asked.body.access_request)
      const { page } = asked.body.access_request as { page: string } // as the problem has it
      await approve(store.world, page)
      assert.equal((await ask(call)).status, 200)
      assert.deepEqual(
        [(await ask(call)).status, (await ask({ ...call, via: 'nginx' })).status],
        [409, 403],
      )
    })

    it('asks for a new answer each time: what was closed is dead when that is told', async () => {
      const other = await storeTask(store)
      const mine = async (): Promise<ForwardedCall> => ({
        token: other.token,
        proof: await store.world.agent.proof(other.task.key, {
          method: 'GET',
          url: `${store.identifier}/things/a`,
          token: other.token,
        }),
      })
      assert.equal((await ask(await mine())).status, 200)
      await store.world.agent.about(other.task, 'DELETE', '')
      assert.equal((await ask(await mine())).status, 401)
    })
  })

describe('gateways of others, for an API outside of the trust domain', () => {
  it('are told so: the header of the transaction token is empty', async () => {
    const store = await startStore('sqlite', {}, { trusted: false })
    const { identifier, secret, world } = store
    try {
      const { task, token } = await storeTask(store)
      const request = { method: 'GET', url: `${identifier}/things/a`, token }
      const answer = await send(`${store.http}/forward-auth/caddy`, {
        headers: [
          ['Remit-Enforcer', secret],
          ['Authorization', `DPoP ${token}`],
          ['DPoP', await world.agent.proof(task.key, request)],
          ['X-Forwarded-Method', 'GET'],
          ['X-Forwarded-Uri', '/store/things/a'],
          ['X-Forwarded-Host', new URL(identifier).host],
          ['Remit-Body', 'none'],
        ],
      })
      assert.deepEqual([answer.status, answer.headers['txn-token']], [200, ''])
    } finally {
      await world.stop()
    }
  })
})

describe('gateways of others, where proofs of writes need a nonce', () => {
  it('pass it on', async () => {
    const store = await startStore('sqlite', { nonces: 'auto' })
    const { identifier, secret, world } = store
    try {
      const bare = await storeTask(store)
      const first = await ask()
      assert.equal(first.status, 401)
      assert.match(String(first.headers['www-authenticate']), /use_dpop_nonce/)
      const second = await ask(String(first.headers['dpop-nonce']))
      assert.equal(second.status, 200, second.text)

      async function ask(nonce?: string): Promise<Answer> {
        const { task, token } = bare
        const request = { method: 'POST', url: `${identifier}/things`, token }
        const claims = nonce === undefined ? {} : { nonce }
        const proof = await world.agent.proof(task.key, request, { claims })
        return send(`${store.http}/forward-auth/traefik`, {
          method: 'POST',
          headers: [
            ['Remit-Enforcer', secret],
            ['Authorization', `DPoP ${token}`],
            ['DPoP', proof],
            ['Content-Type', 'application/json'],
            ['X-Forwarded-Method', 'POST'],
            ['X-Forwarded-Uri', '/store/things'],
            ['X-Forwarded-Host', new URL(identifier).host],
          ],
          body: '{"name":"a"}',
        })
      }
    } finally {
      await world.stop()
    }
  })
})
