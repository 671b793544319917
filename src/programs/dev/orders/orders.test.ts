import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { TypedValue } from '@remit/engine'
import { SignJWT } from 'jose'
import { mintTransactionToken } from '../../../identity/tokens/index.ts'
import type { SigningKey } from '../../../platform/keys/index.ts'
import { systemClock } from '../../../platform/lib/clock.ts'
import { newId } from '../../../platform/lib/id.ts'
import { systemRandom } from '../../../platform/lib/random.ts'
import { type OrdersApi, serveOrders } from './serve.ts'

const LOCATION = 'http://127.0.0.1:7481/orders'
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const strange = generateKeyPairSync('ec', { namedCurve: 'P-256' })
let remit: Server
let issuer = ''
let fetched = 0
let api: OrdersApi
const lines: string[] = []

before(async () => {
  remit = createServer((_req, res) => {
    fetched += 1
    const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256' }
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }))
  })
  await new Promise<void>((resolve) => remit.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(remit.address() as AddressInfo).port}` // listening on TCP
  const log = (line: string) => void lines.push(line)
  api = await serveOrders({ port: 0, issuer, trustDomain: 'shop', location: LOCATION, log })
})
after(async () => {
  await api.close()
  remit.closeAllConnections()
  remit.close()
})

let decisions = 0

/** A transaction token as Remit makes it, changed where a test says so. */
function token(
  action: string,
  args: Record<string, unknown>,
  change: { claims?: object; context?: object; header?: object; key?: typeof keys } = {},
): Promise<string> {
  decisions += 1
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({
    iss: issuer,
    aud: 'shop',
    iat: now,
    exp: now + 30,
    txn: `dec_${decisions}`,
    sub: 'psn_sam',
    sub_profile: 'user',
    act: { sub: 'refund-bot' },
    scope: action,
    tctx: { task: { id: 'tsk_1' }, location: LOCATION, action, arguments: args, ...change.context },
    ...change.claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'txntoken+jwt', kid: 'k1', ...change.header })
    .sign((change.key ?? keys).privateKey)
}

async function call(path: string, txnToken: string | undefined, init: RequestInit = {}) {
  const headers = { ...(txnToken === undefined ? {} : { 'txn-token': txnToken }) }
  const response = await fetch(`${api.origin}${path}`, {
    ...init,
    headers: { ...headers, ...init.headers },
  })
  return { status: response.status, text: await response.text() }
}

function refund(order: string, body: string, txnToken: string | undefined) {
  const headers = { 'content-type': 'application/json' }
  return call(`/orders/${order}/refunds`, txnToken, { method: 'POST', body, headers })
}

test('a call shows person and agent without asking anyone but for the keys, once', async () => {
  const args = { order_id: '1042' }
  for (let i = 0; i < 3; i += 1) {
    const { status, text } = await call('/orders/1042', await token('orders.read', args))
    assert.equal(status, 200)
    assert.match(text, /"total":940\.00,"refunded":0\.00/)
    assert.match(text, /"seen":\{"person":"psn_sam","agent":"refund-bot","txn":"dec_\d+"\}/)
  }
  assert.equal(fetched, 1)
  assert.match(lines.at(-1) ?? '', /GET \/orders\/1042 200 for psn_sam by refund-bot under dec_/)
})

test('lists and filters', async () => {
  const all = await call('/orders', await token('orders.list', {}))
  assert.equal(JSON.parse(all.text).orders.length, 3)
  const filter = { customer_id: 'cus_812', status: 'shipped' }
  const some = await call(
    `/orders?${new URLSearchParams(filter)}`,
    await token('orders.list', filter),
  )
  assert.deepEqual(
    JSON.parse(some.text).orders.map(({ id }: { id: string }) => id),
    ['1043'],
  )
})

test('refunds to the cent, never more than was paid, and lists them', async () => {
  const pay = async (amount: string, note?: string) => {
    const text = `{"amount":${amount}${note === undefined ? '' : `,"note":"${note}"`}}`
    const args = { order_id: '1042', amount, ...(note === undefined ? {} : { note }) }
    return refund('1042', text, await token('orders.refund', args))
  }
  const first = await pay('40.00', 'scratched')
  assert.equal(first.status, 201)
  assert.match(first.text, /"amount":40\.00,"currency":"EUR","note":"scratched"/)
  assert.match(first.text, /"requested_by":\{"person":"psn_sam","agent":"refund-bot"/)
  assert.equal((await pay('900.01')).status, 409)
  assert.equal((await pay('900')).status, 201)
  assert.equal((await pay('0.01')).status, 409)
  const listed = await call(
    '/orders/1042/refunds',
    await token('orders.list-refunds', { order_id: '1042' }),
  )
  assert.match(listed.text, /"amount":40\.00.*"amount":900\.00/)
})

test('one decision, one write: a copy of the token does nothing, alone or in a crowd', async () => {
  const args = { order_id: '2001', amount: '1.00' }
  const txn = await token('orders.refund', args)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => refund('2001', '{"amount":1.00}', txn)),
  )
  assert.equal(answers.filter(({ status }) => status === 201).length, 1)
  assert.equal(answers.filter(({ status }) => status === 409).length, 19)
})

test('what is no transaction token of Remit is no caller', async () => {
  const args = { order_id: '1042' }
  const make = (change: Parameters<typeof token>[2]) => token('orders.read', args, change)
  const now = Math.floor(Date.now() / 1000)
  const good = await make({})
  const bad = [
    undefined,
    '',
    'x.y.z',
    await make({ header: { typ: 'at+jwt' } }),
    await make({ header: { typ: undefined } }),
    await make({ header: { kid: 'k2' } }),
    await make({ key: strange }),
    await make({ claims: { aud: LOCATION } }),
    await make({ claims: { iss: 'https://evil.example' } }),
    await make({ claims: { iat: now - 120, exp: now - 60 } }),
    await make({ claims: { iat: now - 120, exp: now + 600 } }),
    await make({ claims: { exp: undefined } }),
    await make({ claims: { sub: undefined } }),
    await make({ claims: { tctx: undefined } }),
    await make({ claims: { act: {} } }),
    await make({ claims: { act: undefined } }),
    `${good.slice(0, good.lastIndexOf('.'))}.`,
  ]
  for (const each of bad) assert.equal((await call('/orders/1042', each)).status, 401, each)
  const resource = await make({ header: { typ: 'at+jwt' }, claims: { aud: LOCATION } })
  const headers = { authorization: `DPoP ${resource}` }
  assert.equal((await call('/orders/1042', undefined, { headers })).status, 401)
})

test('an agent that works alone is seen as itself, and whom it called in as who acts', async () => {
  const list = (claims: object) =>
    token('orders.list', {}, { claims }).then((txn) => call('/orders', txn))
  const alone = await list({ sub: 'night-clerk', sub_profile: 'ai_agent', act: undefined })
  assert.equal(alone.status, 200, alone.text)
  assert.match(alone.text, /"seen":\{"agent":"night-clerk","txn":/)
  const called = { sub: 'night-clerk', sub_profile: 'ai_agent', act: { sub: 'helper' } }
  assert.match((await list(called)).text, /"seen":\{"agent":"helper","txn":/)
  assert.equal((await list({ sub_profile: 'user', act: undefined })).status, 401)
  assert.equal((await list({ sub_profile: 'robot' })).status, 401)
})

test('a token for another call is refused, whatever differs', async () => {
  const args = { order_id: '1042' }
  for (const [path, txn] of [
    ['/orders/2001', await token('orders.read', args)],
    ['/orders/1042', await token('orders.refund', args)],
    ['/orders/1042', await token('invoices.read', args)],
    ['/orders/1042', await token('orders.read', args, { context: { location: `${LOCATION}/` } })],
    ['/orders/1042', await token('orders.read', { ...args, more: 'x' })],
    ['/orders/1042', await token('orders.read', {})],
    ['/orders?status=paid', await token('orders.list', {})],
    ['/orders', await token('orders.list', { status: 'paid' })],
    ['/orders/1042/events', await token('orders.read', args)],
  ] as const)
    assert.equal((await call(path, txn)).status, 403, path)
  const asked = { order_id: '1043', amount: '5.00' }
  for (const body of ['{"amount":5.01}', '{"amount":5}', '{"amount":5.00,"note":"x"}'])
    assert.equal(
      (await refund('1043', body, await token('orders.refund', asked))).status,
      403,
      body,
    )
})

test('bad input is refused before anything is looked at', async () => {
  for (const [body, status] of [
    ['{"amount":"5.00"}', 400],
    ['{"amount":5.001}', 400],
    ['{"amount":-5}', 400],
    ['{"amount":0}', 400],
    ['{"amount":5e1}', 400],
    ['{"amount":5,"amount":6}', 400],
    ['{"amount":5,"to":"me"}', 400],
    ['{"amount":5,"note":7}', 400],
    ['[]', 400],
    ['', 400],
    ['{"__proto__":1,"amount":5}', 400],
    [`{"amount":5,"note":"${'x'.repeat(20_000)}"}`, 413],
  ] as const)
    assert.equal((await refund('1043', body, undefined)).status, status, body.slice(0, 40))
  const form = { method: 'POST', body: 'amount=5', headers: { 'content-type': 'text/plain' } }
  assert.equal((await call('/orders/1043/refunds', undefined, form)).status, 415)
  for (const [path, status] of [
    ['/orders/abc', 404],
    ['/', 404],
    ['/orders?limit=0', 400],
    ['/orders?limit=1&limit=2', 400],
    ['/orders?x=1', 400],
    ['/orders?placed_after=soon', 400],
  ] as const)
    assert.equal((await call(path, undefined)).status, status, path)
  assert.equal((await call('/orders', undefined, { method: 'DELETE' })).status, 405)
  const missing = await call('/orders/7777', await token('orders.read', { order_id: '7777' }))
  assert.equal(missing.status, 404)
})

test('a stream names whom it sees, ticks, and ends with the connection', async () => {
  const stop = new AbortController()
  const response = await fetch(`${api.origin}/orders/1042/events`, {
    headers: { 'txn-token': await token('orders.watch', { order_id: '1042' }) },
    signal: stop.signal,
  })
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  let text = ''
  for await (const part of response.body ?? []) {
    text += Buffer.from(part).toString()
    if (text.includes('"tick":2')) break
  }
  stop.abort()
  assert.match(text, /^event: seen\ndata: \{"person":"psn_sam","agent":"refund-bot"/)
})

test("takes what Remit's own minting makes", async () => {
  const signingKey: SigningKey = {
    kid: 'k1' as SigningKey['kid'], // the key id that the test publishes
    alg: 'ES256',
    publicJwk: { kty: 'EC', crv: 'P-256', x: '', y: '', kid: 'k1', alg: 'ES256', use: 'sig' },
    sign: async (data) => sign('sha256', data, { key: keys.privateKey, dsaEncoding: 'ieee-p1363' }),
  }
  const { token: minted } = await mintTransactionToken(
    { key: signingKey, issuer, clock: systemClock },
    {
      decisionId: newId('decision', systemRandom),
      trustDomain: 'shop',
      gateway: 'http://127.0.0.1:7481',
      parties: {
        person: {
          id: newId('person', systemRandom),
          known: { issuer: 'https://idp.example', subject: 'sam' },
        },
        chain: ['refund-bot', 'coordinator'],
      },
      task: { id: newId('task', systemRandom), purpose: 'refund order 1043' },
      location: LOCATION,
      action: 'orders.refund',
      arguments: new Map<string, TypedValue>([
        ['order_id', { kind: 'string', value: '1043' }],
        ['amount', { kind: 'decimal', text: '7.50' }],
        ['note', { kind: 'string', value: 'Grüße' }],
      ]),
      notAfter: systemClock.now() + 30_000,
    },
  )
  const { status, text } = await refund('1043', '{"note":"Grüße","amount":7.50}', minted)
  assert.equal(status, 201, text)
  assert.match(text, /"seen":\{"person":"psn_[^"]+","agent":"refund-bot"/)
})
