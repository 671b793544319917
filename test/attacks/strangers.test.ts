import assert from 'node:assert/strict'
import { it } from 'node:test'
import { newKey, proof } from '../signing.ts'
import { type Answer, send, type WireOptions } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const FORM = ['Content-Type', 'application/x-www-form-urlencoded'] as const
const JSON_TYPE = ['Content-Type', 'application/json'] as const
/** JWT of somebody else. */
const JUNK = 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA'

/** Every edge, as somebody sends to it who is nobody. `proofed`: with a proof that holds, by a key of the moment. */
async function variants(w: World): Promise<Readonly<Record<string, () => Promise<Answer>>>> {
  const { gateway, issuer } = w
  const key = await newKey()
  const proofed = async (
    url: string,
    method: string,
    token?: string,
  ): Promise<[string, string]> => [
    'DPoP',
    await proof(w.clock, key, { method, url, ...(token === undefined ? {} : { token }) }),
  ]
  const form = async (path: string, fields: Record<string, string>, shown = false) => {
    const url = `${issuer}${path}`
    const headers = shown ? [FORM, await proofed(url, 'POST')] : [FORM]
    return send(url, { method: 'POST', headers, body: new URLSearchParams(fields).toString() })
  }
  const at = (path: string, sending: WireOptions) => send(`${issuer}${path}`, sending)
  const client = { client_assertion_type: JWT_BEARER, client_assertion: JUNK }
  const subject = {
    subject_token: JUNK,
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  }
  const bearer = (token: string): [string, string] => ['Authorization', `Bearer ${token}`]
  const call = async (authorization: string, token?: string): Promise<Answer> => {
    const url = `${gateway}/orders/orders/1042/refunds`
    const own = token === undefined ? [] : [await proofed(url, 'POST', token)]
    return send(url, {
      method: 'POST',
      headers: [JSON_TYPE, ['Authorization', authorization], ...own],
      body: '{"amount":1.00,"note":"text of a stranger"}',
    })
  }
  const ask = JSON.stringify({ method: 'GET', url: `${gateway}/orders/orders/1042` })
  return {
    'gateway, no credential': () => send(`${gateway}/orders/orders/1042`),
    'gateway, junk bearer': () => call('Bearer x'),
    'gateway, JWT of others as bearer': () => call(`Bearer ${JUNK}`),
    'gateway, JWT of others and no proof': () => call(`DPoP ${JUNK}`),
    'gateway, JWT of others and a proof': () => call(`DPoP ${JUNK}`, JUNK),
    'gateway, MCP': () =>
      send(`${gateway}/desk`, {
        method: 'POST',
        headers: [JSON_TYPE, bearer('x'), ['Accept', 'application/json, text/event-stream']],
        body: '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}',
      }),
    'token exchange': () =>
      form('/oauth/token', { grant_type: EXCHANGE, ...client, ...subject }, true),
    'token exchange, no proof': () =>
      form('/oauth/token', { grant_type: EXCHANGE, ...client, ...subject }),
    'exchange of a task token': () =>
      form(
        '/oauth/token',
        {
          ...{ grant_type: EXCHANGE, client_id: 'tsk_x', subject_token: JUNK },
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          resource: `${gateway}/orders`,
        },
        true,
      ),
    'client credentials': () =>
      form('/oauth/token', { grant_type: 'client_credentials', ...client }, true),
    'JWT bearer': () =>
      form('/oauth/token', {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: JUNK,
        ...client,
      }),
    code: () =>
      form('/oauth/token', {
        ...{ grant_type: 'authorization_code', code: 'x', client_id: 'nobody' },
        ...{ redirect_uri: 'https://nobody.example/', code_verifier: 'x'.repeat(43) },
        resource: `${gateway}/desk`,
      }),
    refresh: () =>
      form(
        '/oauth/token',
        { grant_type: 'refresh_token', refresh_token: 'remit_rt_x', client_id: 'nobody' },
        true,
      ),
    'pushed request': () => form('/oauth/par', { client_id: 'nobody', ...client }),
    'backchannel request': () =>
      form('/oauth/bc-authorize', {
        ...client,
        login_hint: 'sam@example.com',
        scope: 'orders.read',
      }),
    introspection: () => form('/oauth/introspect', { token: JUNK }),
    revocation: () => form('/oauth/revoke', { token: JUNK, ...client }),
    registration: () =>
      at('/oauth/register', { method: 'POST', headers: [JSON_TYPE, bearer('x')], body: '{}' }),
    'a registration': () => at('/oauth/register/nobody', { headers: [bearer('x')] }),
    'management API': () => at('/api/v1/agents', { headers: [bearer('x'.repeat(40))] }),
    'direct call': () =>
      at('/v1/calls', {
        method: 'POST',
        headers: [JSON_TYPE, bearer(`enf_${'x'.repeat(22)}`)],
        body: ask,
      }),
    'a task': async () => {
      const url = `${issuer}/v1/tasks/tsk_AAAAAAAAAAAAAAAAAAAAAA`
      return send(url, {
        headers: [['Authorization', `DPoP ${JUNK}`], await proofed(url, 'GET', JUNK)],
      })
    },
    'a task, junk bearer': () =>
      at('/v1/tasks/tsk_AAAAAAAAAAAAAAAAAAAAAA', { headers: [bearer('nonsense')] }),
    evaluation: () =>
      at('/access/v1/evaluation', {
        method: 'POST',
        headers: [JSON_TYPE, bearer('x')],
        body: '{}',
      }),
    'access request': () =>
      at('/access/v1/requests', { method: 'POST', headers: [JSON_TYPE, bearer('x')], body: '{}' }),
    'a page': () => at('/approvals', { headers: [['Accept', 'text/html']] }),
  }
}

/** Rows of every table, and bytes of the ledger's. */
async function stored({ rooms }: World) {
  const { ledger, storage } = rooms
  await ledger.sequence()
  const { read } = storage
  const records = await read.selectFrom('ledger_leaves').select('record').execute()
  const kept = await read.selectFrom('ledger_private').select('position').execute()
  const decisions = await read.selectFrom('decisions').select('id').execute()
  const used = await read.selectFrom('used_once').select('kind').execute()
  return {
    records: records.length,
    bytes: records.reduce((sum, { record }) => sum + record.length, 0),
    kept: kept.length,
    decisions: decisions.length,
    used: used.length,
  }
}

inEachWorld('strangers', (world) => {
  it('A/HIGH 2: refusals at every edge write nothing beyond the record of their window', async () => {
    const w = world()
    const all = Object.entries(await variants(w))
    for (const [name, ask] of all) {
      const { status, text } = await ask()
      // RFC 7009 section 2.2: a token that is none is no error.
      if (name === 'revocation') assert.equal(status, 200)
      else
        assert.ok(status === 303 || (status >= 400 && status < 500), `${name}: ${status} ${text}`)
    }
    const before = await stored(w)
    for (let round = 0; round < 5; round++) for (const [, ask] of all) await ask()
    assert.deepEqual(await stored(w), before)
    const texts = await w.rooms.ledger.records(0, 1_000)
    assert.ok(texts.every(({ record }) => !record.includes('text of a stranger')))
  })

  it('F6: a bad bearer token is told that it is no token', async () => {
    const w = world()
    const headers = [['Authorization', 'Bearer nonsense']] as const
    for (const url of [
      `${w.gateway}/orders/orders/1042`,
      `${w.issuer}/v1/tasks/tsk_AAAAAAAAAAAAAAAAAAAAAA`,
    ]) {
      const { body, status } = await send(url, { headers })
      assert.deepEqual([status, body.code], [401, 'token.malformed'], url)
      assert.match(String(body.detail), /not a token/)
    }
    // Before anything about sessions is said.
    const message = await send(`${w.gateway}/desk`, {
      method: 'POST',
      headers: [...headers, JSON_TYPE, ['Accept', 'application/json, text/event-stream']],
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
    })
    assert.deepEqual([message.status, message.body.code], [401, 'token.malformed'])
  })

  it('F6: the log says at its default level why an agent was not authenticated, under the id in the answer', async () => {
    const w = world()
    const claims = { exp: Math.floor(w.clock.now() / 1000) + 3600 }
    const wish = { subjectToken: await w.idToken(), details: [] }
    const answer = await w.agent.ask(wish, { assertion: { claims } })
    assert.equal(answer.status, 401)
    assert.match(String(answer.body.error_description), /`exp`|'exp' may be at most 300 seconds/)
    const lines = w.log.split('\n').filter((line) => line.includes(String(answer.body.request_id)))
    const why = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'refused')
    assert.equal(why?.level, 'info')
    assert.equal(why?.because, 'token.too_long_lived')
  })
})

const PROXIED = { REMIT_TRUSTED_PROXIES: '127.0.0.1', REMIT_REFUSALS_PER_MINUTE: '5' }
inEachWorld(
  'an address that is refused too often',
  (world) => {
    it('is told 429 at every edge, and keeps nobody else out, nor anybody behind it who is known', async () => {
      const w = world()
      const from = (ip: string) => ['X-Forwarded-For', ip] as const
      const stranger = (ip: string, url = `${w.gateway}/orders/orders/1042`) =>
        send(url, { headers: [['Authorization', 'Bearer x'], from(ip)] })
      for (let i = 0; i < 5; i++) assert.equal((await stranger('203.0.113.9')).status, 401)
      for (const url of [
        `${w.gateway}/orders/orders/1042`,
        `${w.issuer}/api/v1/agents`,
        `${w.issuer}/v1/tasks/tsk_AAAAAAAAAAAAAAAAAAAAAA`,
      ]) {
        const limited = await stranger('203.0.113.9', url)
        assert.deepEqual([limited.status, limited.body.code], [429, 'request.too_many'], url)
        assert.match(String(limited.headers['retry-after']), /^[1-9]\d*$/)
      }
      assert.equal((await stranger('203.0.113.10')).status, 401)
      const task = await w.open({})
      const answer = await w.agent.call(task, 'GET', '/orders/orders/1042', {
        headers: [from('203.0.113.9')],
      })
      assert.equal(answer.status, 200)
    })
  },
  { settings: PROXIED },
)
