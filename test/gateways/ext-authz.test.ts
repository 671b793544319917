import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import {
  AUTHORIZATION,
  type CheckRequest,
  type CheckResponse,
} from '../../src/extensions/extauthz/grpc/messages.ts'
import type { OpenTask } from '../agent.ts'
import { decode } from '../signing.ts'
import { type Store, startStore, storeTask } from './store.ts'

type Http = NonNullable<NonNullable<NonNullable<CheckRequest['attributes']>['request']>['http']>

const Check = AUTHORIZATION.Check ?? assert.fail('there is no such method')

describe('a gateway of others that asks by gRPC', () => {
  let store: Store
  let task: OpenTask
  let token: string
  let client: Client
  before(async () => {
    const settings = { REMIT_METRICS_LISTEN: '127.0.0.1:0' }
    store = await startStore('sqlite', { settings })
    ;({ task, token } = await storeTask(store))
    client = new Client(store.grpc, credentials.createInsecure())
  })
  after(async () => {
    client.close()
    await store.world.stop()
  })

  function send(
    request: CheckRequest,
    secrets = [store.secret],
    bodies: readonly string[] = [],
  ): Promise<CheckResponse> {
    const metadata = new Metadata()
    for (const secret of secrets) metadata.add('remit-enforcer', secret)
    for (const said of bodies) metadata.add('remit-body', said)
    const { path, requestSerialize, responseDeserialize } = Check
    return new Promise((resolve, reject) =>
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        (error, answer) => (error ? reject(error) : resolve(answer as CheckResponse)), // as: by its own deserializer
      ),
    )
  }

  /** A check of a right call, but for what is told here. */
  async function ask(
    http: Http = {},
    more: readonly (readonly [string, string])[] = [],
    secrets?: string[],
    context_extensions?: Readonly<Record<string, string>>,
    bodies?: readonly string[],
  ) {
    const { method = 'GET', path = '/store/things/a' } = http
    const [bare = ''] = path.split('?')
    const url = new URL(store.identifier).origin + bare
    const proof = await store.world.agent.proof(task.key, { method, url, token })
    const own = [['authorization', `DPoP ${token}`], ['dpop', proof], ...more] as const
    const headers = own.map(([key, value]) => ({ key, raw_value: Buffer.from(value) }))
    const { host } = new URL(store.identifier)
    const told = { method, path, host, protocol: 'HTTP/1.1', header_map: { headers }, ...http }
    const route = context_extensions && { context_extensions }
    return send({ attributes: { request: { http: told }, ...route } }, secrets, bodies)
  }

  const problemOf = ({ denied_response: denied }: CheckResponse) => {
    assert.ok(denied)
    const problem = JSON.parse(denied.body) as Record<string, unknown> // a problem
    assert.equal(problem.status, denied.status.code)
    return { status: denied.status.code, code: problem.code, arguments: problem.arguments }
  }

  it('is told what to set, and what to remove', async () => {
    const { ok_response: ok, status } = await ask()
    assert.ok(ok)
    assert.equal(status.code, 0)
    const set = new Map(ok.headers.map(({ header }) => [header.key, header.value]))
    assert.deepEqual([...set.keys()], ['remit-decision', 'txn-token'])
    assert.ok(
      ok.headers.every(({ append_action: action }) => action === 2),
      'none is appended',
    )
    assert.deepEqual(
      ok.response_headers_to_add,
      ok.headers.slice(0, 1),
      'the caller learns the decision',
    )
    assert.equal(decode(String(set.get('txn-token'))).claims.txn, set.get('remit-decision'))
    const removed = ['authorization', 'cookie', 'dpop', 'proxy-authorization', 'remit-enforcer']
    for (const name of removed) assert.ok(ok.headers_to_remove.includes(name), name)
  })

  it('is refused without the one secret of that API, by an answer that is a denial', async () => {
    const good = { attributes: { request: { http: { method: 'GET', path: '/store/things' } } } }
    for (const secrets of [[], ['enf_wrong'], [store.secret, store.secret]]) {
      const answer = await send(good, secrets)
      assert.equal(answer.status.code, 7)
      assert.deepEqual(problemOf(answer), {
        status: 403,
        code: 'client.unauthenticated',
        arguments: undefined,
      })
    }
    const asHeader = await ask({}, [['remit-enforcer', store.secret]], [])
    assert.equal(problemOf(asHeader).code, 'client.unauthenticated', 'a header is of the caller')
    const ofRoute = await ask({}, [], [], { 'remit-enforcer': store.secret })
    assert.ok(ofRoute.ok_response, 'a setting of the route is of the gateway')
    const records = await store.world.ledger()
    const noticed = records.filter(({ type }) => type === 'refusals.noticed')
    const told = noticed.map(({ facts, reason }) => JSON.stringify({ facts, reason }))
    assert.ok(
      told.some((each) => /ext_authz.*client\.unauthenticated/.test(each)),
      told.join(),
    )
  })

  it('is counted and timed, a refusal as an answer', async () => {
    const name = 'rpc_server_call_duration_seconds_count'
    const counted = async () => {
      const text = await (await fetch(store.world.metrics)).text()
      return text.split('\n').filter((line) => line.startsWith(name))
    }
    const [before = ` 0`] = await counted()
    await ask()
    await send({})
    const [after = '', ...rest] = await counted()
    assert.deepEqual(rest, [])
    const countOf = (line: string) => Number(line.split(' ').at(-1))
    assert.equal(countOf(after) - countOf(before), 2)
    for (const label of [
      ...['remit_edge="forward-auth"', 'rpc_system_name="grpc"', 'rpc_response_status_code="OK"'],
      'rpc_method="envoy.service.auth.v3.Authorization/Check"',
    ])
      assert.ok(after.includes(label), after)
    assert.doesNotMatch(after, /error_type/)
  })

  it('is refused, and not failed, whatever it leaves out', async () => {
    const empty: readonly CheckRequest[] = [
      {},
      { attributes: {} },
      { attributes: { request: {} } },
      { attributes: { request: { http: {} } } },
      { attributes: { request: { http: { method: 'GET' } } } },
    ]
    for (const request of empty) {
      const { denied_response: denied, ok_response: ok } = await send(request)
      assert.ok(denied && !ok)
      assert.ok(denied.status.code >= 400)
    }
  })

  it('bodies count as whole bytes only', async () => {
    const body = Buffer.from('{"name":"a"}')
    const post = { method: 'POST', path: '/store/things' } as const
    const json = ['content-type', 'application/json'] as const
    const length = ['content-length', `${body.length}`] as const
    const whole = ['x-envoy-auth-partial-body', 'false'] as const
    const part = ['x-envoy-auth-partial-body', 'true'] as const
    const good = await ask({ ...post, raw_body: body }, [json, length, whole])
    assert.ok(good.ok_response)
    const unseen = [
      await ask({ ...post, raw_body: body }, [json, length]),
      await ask({ ...post, raw_body: body }, [json, length, part]),
      // Cut to nothing, or not sent at all; and with HTTP/2 nobody knows.
      await ask(post, [json, length]),
      await ask(post, [json, ['transfer-encoding', 'chunked']]),
      await ask({ ...post, protocol: 'HTTP/2' }, [json]),
      await ask({ method: 'DELETE', path: '/store/things/a' }, [length]),
    ]
    for (const answer of unseen) assert.equal(problemOf(answer).code, 'arguments.unseen')
    const twice = await ask({ ...post, raw_body: body }, [json, length, whole, whole])
    assert.equal(problemOf(twice).code, 'arguments.unseen')
    const none = await ask(post, [['content-length', '0']])
    assert.equal(problemOf(none).code, 'arguments.missing')
  })

  it('W2: silence about a body counts where HTTP/1 proves it, or the gateway’s own word', async () => {
    const sent = { 'remit-body': 'sent' }
    const methods = [
      ['GET', '/store/things/a'],
      ['HEAD', '/store/things/a'],
      ['DELETE', '/store/things/a'],
    ] as const
    for (const [method, path] of methods)
      for (const protocol of ['HTTP/2', 'HTTP/3', 'HTTP/2.0', '']) {
        const http = { method, path, protocol }
        const silent = await ask(http)
        const { body = '' } = silent.denied_response ?? {}
        if (method !== 'HEAD') {
          assert.equal(problemOf(silent).code, 'arguments.unseen', `${method} ${protocol}`)
          assert.match(body, /its configuration has to, by `remit-body: sent`/)
        }
        const forged = await ask(http, [['remit-body', 'sent']])
        const other = await ask(http, [], undefined, { 'remit-body': 'none' })
        for (const each of [silent, forged, other]) assert.ok(!each.ok_response)
        for (const told of [
          await ask(http, [], undefined, sent),
          await ask(http, [], undefined, undefined, ['sent']),
          // An empty one: Envoy buffered it.
          await ask(http, [['x-envoy-auth-partial-body', 'false']], undefined, sent),
        ])
          if (method === 'GET') assert.ok(told.ok_response, protocol)
          else if (method === 'DELETE') assert.equal(problemOf(told).code, 'approval.required')
      }
    for (const protocol of ['HTTP/1.0', 'HTTP/1.1'])
      assert.ok((await ask({ protocol })).ok_response, protocol)
    // As a text, or cut to nothing, there is one all the same.
    const text = await ask({ protocol: 'HTTP/2', body: '{}' }, [], undefined, sent)
    assert.equal(problemOf(text).code, 'arguments.unseen')
    const cut = [['x-envoy-auth-partial-body', 'true']] as const
    const part = await ask({ protocol: 'HTTP/2' }, cut, undefined, sent)
    assert.equal(problemOf(part).code, 'arguments.unseen')
    const both = await ask({ protocol: 'HTTP/2' }, [], undefined, sent, ['none'])
    assert.equal(problemOf(both).code, 'arguments.unseen')
  })

  it('W3: the host of another is refused, or one that is not told', async () => {
    const { host } = new URL(store.identifier)
    for (const other of ['tenant-b.example', '', `${host}0`]) {
      const { status, code } = problemOf(await ask({ host: other }))
      assert.deepEqual([status, code], [421, 'request.wrong_host'], other)
    }
    for (const name of ['x-forwarded-host', 'x-original-host', 'x-envoy-original-host']) {
      assert.ok((await ask({}, [[name, host]])).ok_response, name)
      const other = await ask({}, [[name, 'tenant-b.example']])
      assert.equal(problemOf(other).code, 'request.bad_header', name)
    }
    for (const name of ['x-envoy-original-path', 'x-forwarded-prefix', 'x-method'])
      assert.equal(problemOf(await ask({}, [[name, 'x']])).code, 'request.bad_header', name)
  })

  it('repeated and joined credentials are none', async () => {
    const twice = await ask({}, [['dpop', 'x']])
    assert.equal(problemOf(twice).code, 'request.bad_header')
    const joined = await send({
      attributes: {
        request: {
          http: {
            method: 'GET',
            path: '/store/things/a',
            host: new URL(store.identifier).host,
            headers: { authorization: `DPoP ${token},DPoP ${token}`, dpop: 'x' },
          },
        },
      },
    })
    assert.deepEqual(problemOf(joined).status, 401)
  })

  it('headers told as texts count only where Envoy cannot have changed them', async () => {
    const url = `${store.identifier}/things/a`
    const asText = async (headers: Readonly<Record<string, string>>) => {
      const proof = await store.world.agent.proof(task.key, { method: 'GET', url, token })
      const own = { authorization: `DPoP ${token}`, dpop: proof }
      const path = '/store/things/a'
      const { host } = new URL(store.identifier)
      const protocol = 'HTTP/1.1'
      const told = { method: 'GET', path, host, protocol, headers: { ...own, ...headers } }
      return send({ attributes: { request: { http: told } } })
    }
    const kept = { 'idempotency-key': 'k1', 'if-match': '"a", "b"', 'x-other': 'a!,b' }
    assert.ok((await asText(kept)).ok_response)
    for (const [name, value] of [
      ['idempotency-key', 'k!'],
      ['idempotency-key', 'k1,k2'],
      ['if-match', '"a!"'],
      ['content-type', 'application/json; a=!'],
    ] as const) {
      const { status, code } = problemOf(await asText({ [name]: value }))
      assert.deepEqual([status, code], [400, 'request.bad_header'], name)
      if (name !== 'content-type') assert.ok((await ask({}, [[name, 'k!']])).ok_response)
    }
  })

  it('more than a message may have is not read', async () => {
    const raw_body = Buffer.alloc(4 * 1024 * 1024)
    await assert.rejects(ask({ method: 'POST', path: '/store/things', raw_body }), (error) => {
      assert.equal((error as ServiceError).code, 8, 'RESOURCE_EXHAUSTED') // as: gRPC fails so
      return true
    })
    assert.ok((await ask()).ok_response, 'and the next one is answered')
  })
})
