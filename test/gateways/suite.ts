import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import type { OpenTask } from '../agent.ts'
import { FORM_TYPE, oddForms, oddUploads } from '../attacks/odd-forms.ts'
import { asAnotherParserReads, oddTargets } from '../attacks/odd-targets.ts'
import { compareReading } from '../differential/api-readers.ts'
import { CallComparison, compareGenerated } from '../differential/call-comparison.ts'
import { approve } from '../sdk/shops.ts'
import { decode } from '../signing.ts'
import type { ReceivedRequest } from '../upstream.ts'
import { type Answer, exchange } from '../wire.ts'
import { framedCalls, framedExamples } from './framed-calls.ts'
import { ENDED, FramedGateway, isPlausible } from './framed-gateway.ts'
import { type Store, startStore, storeTask } from './store.ts'
import { type BodyForm, sendOver, TRANSPORTS, type Transport } from './transport.ts'

/** A gateway of others, and its abilities. */
export interface Gateway {
  readonly name: string
  /**
   * Starts it in front of the store's API at the store's public address, and at its ports for HTTP/2;
   * waits until it is there.
   */
  start(store: Store): Promise<void>
  /** True when it sends bodies to Remit. */
  readonly sendsBodies: boolean
  /** Minimum number of odd targets that get through, of `RUNS`. */
  readonly getThrough: number
}

type Headers = readonly (readonly [string, string])[]

interface CallOptions {
  readonly headers?: Headers
  readonly proof?: string
  readonly body?: string | Buffer
  /** Media type of the body. Default: JSON. */
  readonly type?: string | undefined
  readonly framing?: BodyForm
  /** Host that the caller names. Default: the public one. */
  readonly host?: string
}

const RUNS = 200
/** Number of calls in any framing for each of two seeds, one of which is always the same. */
const FRAMED = 64
const SEED = 27
/** Numbers of forms that are sent through a gateway which sends bodies to Remit, and through another. */
const FORMS = { seen: 200, unseen: 20 }

/** Declares what has to be true of Remit behind any gateway, tried through a real one. */
export function behind(gateway: Gateway): void {
  for (const transport of TRANSPORTS) behindOver(transport, gateway)
}

function behindOver(transport: Transport, { getThrough, name, sendsBodies, start }: Gateway): void {
  describe(`behind ${name} (${transport})`, () => {
    let store: Store
    let task: OpenTask
    let token: string
    before(async () => {
      store = await startStore('sqlite')
      ;({ task, token } = await storeTask(store))
      await start(store)
    })
    after(() => store.world.stop())

    const proofFor = (method: string, path: string) => {
      const [bare = ''] = path.split('?')
      const request = { method, url: store.identifier + bare, token }
      return store.world.agent.proof(task.key, request)
    }

    /** Calls the API through the gateway, `path` behind the store's own. */
    async function call(method: string, path: string, calling: CallOptions = {}): Promise<Answer> {
      const { body, framing, headers = [], host, type = 'application/json' } = calling
      const proof = calling.proof ?? (await proofFor(method, path))
      return sendOver(transport, store, store.identifier + path, {
        method,
        ...(host === undefined ? {} : { host }),
        ...(framing === undefined ? {} : { framing }),
        headers: [
          ['Authorization', `DPoP ${token}`],
          ['DPoP', proof],
          ...(body === undefined ? [] : [['Content-Type', type] as const]),
          ...headers,
        ],
        ...(body === undefined ? {} : { body }),
      })
    }

    /** Calls; a gateway may also end the stream without an answer. */
    const tried = (...calling: Parameters<typeof call>) =>
      call(...calling).catch((error: unknown) => {
        assert.match(String(error), ENDED)
        return undefined
      })

    const reached = () => {
      const all = [...store.world.echo.reached]
      store.world.echo.forget()
      return all
    }
    const only = (): ReceivedRequest => {
      const [first, ...more] = reached()
      assert.ok(first && more.length === 0, 'exactly one request reached the API')
      return first
    }
    const decidedOf = ({ headers }: ReceivedRequest) => {
      const { claims } = decode(String(headers['txn-token']))
      return claims.tctx as { action: string; arguments: Record<string, unknown> } // contract 4
    }
    const isRefused = (answer: Answer, status: number, code: string) => {
      assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text)
      assert.equal(answer.headers['remit-answer'], 'own')
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.deepEqual(reached(), [])
    }

    it('a permitted call reaches the API with Remit’s word and without a credential of the caller', async () => {
      const spoofed: Headers = [
        ['Txn-Token', 'of-the-caller'],
        ['Remit-Decision', 'dec_of-the-caller'],
        ['Cookie', 'session=of-the-caller'],
        ['Remit-Enforcer', 'of-the-caller'],
        ['X-Custom', 'kept'],
      ]
      const answer = await call('GET', '/things?q=a%20b&n=7', { headers: spoofed })
      assert.equal(answer.status, 200, answer.text)
      const seen = only()
      assert.equal(seen.target, '/store/things?q=a%20b&n=7')
      assert.deepEqual(decidedOf(seen), {
        ...decidedOf(seen),
        action: 'store.list',
        arguments: { q: 'a b', n: '7' },
      })
      const { claims } = decode(String(seen.headers['txn-token']))
      assert.equal(seen.headers['remit-decision'], claims.txn)
      assert.equal(answer.headers['remit-decision'], claims.txn)
      assert.equal(seen.headers['x-custom'], 'kept')
      for (const gone of ['authorization', 'dpop', 'cookie', 'remit-enforcer', 'remit-body'])
        assert.equal(seen.headers[gone] ?? '', '', gone)
      assert.ok(!JSON.stringify(seen.rawHeaders).includes('of-the-caller'))
      assert.ok(!JSON.stringify(seen.rawHeaders).includes(store.secret))
    })

    it('a long call reaches the API too: its transaction token says all of it', async () => {
      const q = 'x'.repeat(3_000)
      const answer = await call('GET', `/things?q=${q}`)
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual(decidedOf(only()).arguments, { q })
    })

    const noConnection = transport !== 'HTTP/1.1' && 'HTTP/2 has no such header'
    it('a caller cannot have the gateway take Remit’s word away', {
      skip: noConnection,
    }, async () => {
      const headers: Headers = [['Connection', 'close, txn-token, remit-decision, remit-enforcer']]
      const answer = await call('GET', '/things', { headers })
      if (answer.status >= 400) assert.deepEqual(reached(), [])
      else assert.equal(decidedOf(only()).action, 'store.list')
    })

    it('a caller without a token is told where tokens come from', async () => {
      const answer = await sendOver(transport, store, `${store.identifier}/things`)
      const [, at] =
        /resource_metadata="([^"]+)"/.exec(String(answer.headers['www-authenticate'])) ?? []
      isRefused(answer, 401, 'token.missing')
      const { body } = await sendOver(transport, store, String(at))
      assert.equal(body.resource, store.identifier)
      assert.deepEqual(body.authorization_servers, [store.world.issuer])
    })

    it('a proof counts for its method and address, once', async () => {
      isRefused(
        await call('GET', '/things', { proof: await proofFor('DELETE', '/things') }),
        401,
        'proof.wrong_request',
      )
      isRefused(
        await call('GET', '/things', { proof: await proofFor('GET', '/things/a') }),
        401,
        'proof.wrong_request',
      )
      const proof = await proofFor('GET', '/things')
      assert.equal((await call('GET', '/things', { proof })).status, 200)
      only()
      const again = await call('GET', '/things', { proof })
      assert.match(String(again.headers['www-authenticate']), /^DPoP error="invalid_dpop_proof"/)
      isRefused(again, 401, 'proof.replayed')
    })

    it('a call that needs approval is asked about, and goes once', async () => {
      const asked = await call('DELETE', '/things/a')
      isRefused(asked, 403, 'approval.required')
      const { page } = asked.body.access_request as { page: string } // as the problem has it
      await approve(store.world, page)
      assert.equal((await call('DELETE', '/things/a')).status, 200)
      assert.equal(only().method, 'DELETE')
      const again = await call('DELETE', '/things/a')
      isRefused(again, 409, 'approval.executed')
    })

    it('what a caller says in the name of a gateway counts for nothing', async () => {
      const lies: readonly Headers[] = [
        [['X-Forwarded-Uri', '/store/things']],
        [['X-Forwarded-Method', 'GET']],
        [['X-Original-URI', '/store/things']],
        [['X-Original-Method', 'GET']],
        [['X_Forwarded_Uri', '/store/things']],
        [['X-Original-URL', '/store/things']],
        [['X-HTTP-Method-Override', 'DELETE']],
        [
          ['Remit-Enforcer', store.secret],
          ['X-Forwarded-Uri', '/store/things'],
        ],
      ]
      for (const headers of lies) {
        // A proof for what the caller really sends, so that nothing but the headers is wrong.
        const answer = await tried('GET', '/things/a', { headers })
        for (const seen of reached()) {
          assert.deepEqual(decidedOf(seen).arguments, { thing: 'a' })
          assert.equal(seen.target, '/store/things/a')
          for (const name of Object.keys(seen.headers))
            assert.doesNotMatch(name, /override|x_|x-original-url|x-rewrite/)
        }
        assert.ok(!answer || [200, 400, 403].includes(answer.status), `${headers}`)
      }
      for (const name of ['Authorization', 'DPoP', 'Remit-Other']) {
        const answer = await call('GET', '/things', { headers: [[name, 'DPoP x']] })
        assert.ok([400, 401, 403].includes(answer.status), `${name}: ${answer.status}`)
        assert.deepEqual(reached(), [])
      }
    })

    it('a body is decided on whole, or the call is refused', async () => {
      const body = JSON.stringify({ name: 'a', price: 1.5 })
      const pretended: Headers = [
        ['Remit-Body', 'none'],
        ['X-Envoy-Auth-Partial-Body', 'false'],
      ]
      for (const headers of [[], pretended]) {
        const answer = await call('POST', '/things', { body, headers })
        if (!sendsBodies) {
          isRefused(answer, 403, 'arguments.unseen')
          assert.deepEqual(answer.body.arguments, ['name', 'size', 'price', 'tags', 'owner'])
        } else if (answer.status === 200) {
          const seen = only()
          assert.equal(seen.body, body)
          assert.deepEqual(decidedOf(seen).arguments, { name: 'a', price: '1.5' })
        } else {
          assert.ok(headers.length > 0 && [400, 403].includes(answer.status), answer.text)
          assert.deepEqual(reached(), [])
        }
      }
      // What nobody decided on reaches nobody.
      for (const [method, path] of [
        ['GET', '/things'],
        ['DELETE', '/things/b'],
      ] as const) {
        const answer = await call(method, path, { body, headers: pretended })
        assert.ok(answer.status >= 400, answer.text)
        assert.deepEqual(reached(), [])
      }
      const notUnicode = Buffer.from('{"name":"a\xff"}', 'latin1')
      const mangled = await call('POST', '/things', { body: notUnicode })
      assert.ok(mangled.status >= 400, mangled.text)
      assert.deepEqual(reached(), [])
      const large = JSON.stringify({ name: 'x'.repeat(2 * 1024 * 1024) })
      const answer = await call('POST', '/things', { body: large }).catch(() => undefined)
      assert.ok(!answer || answer.status >= 400)
      assert.deepEqual(reached(), [])
    })

    it('W3: the API sees the public host, and no other host, method or path that its caller names', async () => {
      const { host } = new URL(store.identifier)
      const evil = 'evil.example'
      const { port } = new URL(store.identifier)
      for (const named of [evil, `${host}.${evil}`, `${evil}:${port}`, '']) {
        const answer = await tried('GET', '/things', { host: named })
        for (const seen of reached()) assert.equal(seen.headers.host, host, named)
        // Caddy answers nothing at all for a host that it does not serve.
        assert.ok(
          !answer || answer.status >= 400 || answer.text === '',
          `${named}: ${answer?.text}`,
        )
      }
      await tried('GET', '/things', { headers: [['Host', evil]] })
      for (const seen of reached()) assert.equal(seen.headers.host, host, 'of two')
      if (transport === 'HTTP/1.1') {
        const [dpop, auth] = [await proofFor('GET', '/things'), `DPoP ${token}`]
        const line = `GET http://${evil}/store/things HTTP/1.1\r\nHost: ${host}\r\n`
        await exchange(store.identifier, `${line}Authorization: ${auth}\r\nDPoP: ${dpop}\r\n\r\n`)
        for (const seen of reached()) assert.equal(seen.headers.host, host, 'absolute form')
      }
      for (const [header, value] of [
        ...ELSEWHERE.map((each) => [each, evil] as const),
        ['Forwarded', `host=${evil}`],
        ['Forwarded', `for=_a;proto=https;host="${evil}"`],
      ] as const) {
        const answer = await tried('GET', '/things', { headers: [[header, value]] })
        for (const seen of reached()) {
          assert.equal(seen.headers.host, host, header)
          assert.ok(!JSON.stringify(seen.rawHeaders).includes(evil), header)
        }
        assert.ok(!answer || [200, 400].includes(answer.status), `${header}: ${answer?.status}`)
      }
      assert.equal((await call('GET', '/things', { host: host.toUpperCase() })).status, 200)
      assert.equal(only().headers.host, host)
    })

    it('for any target: refused, or read by another parser as exactly the decided arguments', async () => {
      let passed = 0
      await fc.assert(
        fc.asyncProperty(oddTargets, async (path) => {
          // HTTP clients send bytes; this is what they are for text beyond ASCII.
          const sent = Buffer.from(path, 'utf8').toString('latin1')
          const answer = await call('GET', sent).catch((error: unknown) => {
            assert.match(String(error), /unescaped|invalid|socket hang up|ECONNRESET|HTTP2/i)
            return undefined
          })
          const [seen, ...more] = reached()
          assert.deepEqual(more, [])
          if (!seen) {
            assert.ok(!answer || answer.status >= 400, `${path}: ${answer?.status}`)
            return
          }
          passed++
          assert.equal(answer?.status, 200)
          assert.ok(seen.target.startsWith('/store/'))
          const read = asAnotherParserReads(seen.target.slice('/store'.length))
          assert.deepEqual(read, decidedOf(seen).arguments, seen.target)
        }),
        { numRuns: RUNS },
      )
      assert.ok(passed >= getThrough, `${passed} got through`)
    })

    it('for any form, files too: refused, or read by another parser as exactly the decided arguments', async () => {
      let passed = 0
      await fc.assert(
        fc.asyncProperty(odd, async ([path, { body, type }]) => {
          const answer = await call('POST', path, { body, type })
          const [seen, ...more] = reached()
          assert.deepEqual(more, [])
          const shown = `${type}\n${body.toString('latin1')}`
          if (seen) {
            passed++
            assert.ok(sendsBodies && answer.status === 200, shown)
            assert.ok(seen.bytes.equals(body), shown)
            assert.equal(seen.headers['content-type'], type)
            await compareReading(seen, decidedOf(seen).arguments)
          } else if (sendsBodies || body.length === 0)
            assert.ok(answer.status >= 400, `${shown}: ${answer.status}`)
          else assert.deepEqual([answer.status, answer.body.code], [403, 'arguments.unseen'])
        }),
        { numRuns: sendsBodies ? FORMS.seen : FORMS.unseen },
      )
      assert.ok(!sendsBodies || passed > FORMS.seen / 20, `${passed} got through`)
    })

    it('a form that says two things about itself reaches nobody', async () => {
      const [type, body] = [FORM_TYPE, 'name=a']
      const others: readonly Headers[] = [
        [['Content-Type', `${FORM_TYPE}; charset=utf-16`]],
        [['Content_Type', 'multipart/form-data; boundary=a']],
        [['Content-Encoding', 'gzip']],
        [['Content-Encoding', 'deflate']],
      ]
      for (const headers of others) {
        const answer = await tried('POST', '/forms', { type, body, headers })
        assert.ok(!answer || [400, 403, 415].includes(answer.status), answer?.text)
        assert.deepEqual(reached(), [], String(headers))
      }
    })

    it('W2, section 6: for any body in any framing: decided on as the API receives it, or nothing is sent', async (t) => {
      const framed = new FramedGateway(store, { sendsBodies, transport })
      const comparison = await CallComparison.start(store.world, framed)
      const fresh = randomInt(2 ** 31)
      t.diagnostic(`seed ${fresh}`)
      for (const [seed, examples] of [[SEED, framedExamples], [fresh]] as const)
        await compareGenerated(comparison, framedCalls, { count: FRAMED, seed, examples })
      await comparison.settle()
      const { counts } = comparison
      t.diagnostic(JSON.stringify(counts))
      isPlausible(counts, sendsBodies)
    })

    it('a closed task is dead when that is told', async () => {
      await store.world.agent.about(task, 'DELETE', '')
      const answer = await call('GET', '/things')
      isRefused(answer, 401, 'task.closed')
    })

    it('without Remit nothing gets through', async () => {
      await store.world.stopServer()
      const answer = await call('GET', '/things')
      assert.ok(answer.status >= 400, `${answer.status}`)
      assert.deepEqual(reached(), [])
    })
  })
}

/** Headers by which some API servers take another host, method or path. */
const ELSEWHERE = [
  ...['X-Accel-Redirect', 'X-Envoy-Original-Host', 'X-Envoy-Original-Path', 'X-Forwarded-Host'],
  ...['X-Forwarded-Method', 'X-Forwarded-Path', 'X-Forwarded-Prefix', 'X-Forwarded-Uri', 'X-Host'],
  ...['X-HTTP-Host-Override', 'X-HTTP-Method', 'X-HTTP-Method-Override', 'X-Method'],
  ...['X-Method-Override', 'X-Original-Host', 'X-Original-Method', 'X-Original-URI'],
  ...['X-Original-URL', 'X-Rewrite-URL', 'X-Script-Name'],
]

const odd = fc.oneof(
  fc.tuple(fc.constant('/forms'), oddForms),
  fc.tuple(fc.constant('/files'), oddUploads),
)
