import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { TypedArguments, TypedValue } from '@remit/engine'
import { mintTransactionToken } from '../../src/identity/tokens/index.ts'
import { newId } from '../../src/platform/lib/id.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { type Answer, send } from '../wire.ts'
import { inOneWorld, type World } from '../world.ts'
import { FRAMEWORKS, type Framework } from './shop.ts'
import { allOf, type KnownShop, letIn, sdkTask, shopBehind } from './shops.ts'

type Grant = Parameters<typeof mintTransactionToken>[1]

/** Mints the token that the gateway would make for this call; `given` says what is different. */
async function transaction(w: World, shop: KnownShop, given: Partial<Grant> = {}): Promise<string> {
  const sam = await w.person('sam')
  const { clock, rooms } = w
  const { token } = await mintTransactionToken(
    { key: rooms.keys.tokens, issuer: w.issuer, clock },
    {
      decisionId: newId('decision', systemRandom),
      trustDomain: 'test.remit',
      gateway: w.gateway,
      parties: {
        person: { id: sam.id, known: { issuer: w.provider, subject: 'sam' } },
        chain: ['refund-bot'],
      },
      task: { id: newId('task', systemRandom), purpose: 'test' },
      location: shop.identifier,
      action: `${shop.name}.buy`,
      arguments: lampFor('12.50'),
      notAfter: clock.now() + 60_000,
      ...given,
    },
  )
  return token
}

function lampFor(amount: string, more: readonly [string, TypedValue][] = []): TypedArguments {
  return new Map<string, TypedValue>([
    ['item', { kind: 'string', value: 'lamp' }],
    ['amount', { kind: 'decimal', text: amount }],
    ...more,
  ])
}

function buy(
  shop: KnownShop,
  token: string | undefined,
  body = '{"amount": 12.50}',
  more: readonly (readonly [string, string])[] = [],
): Promise<Answer> {
  return send(`${shop.origin}/items/lamp/orders`, {
    method: 'POST',
    body,
    headers: [
      ['Content-Type', 'application/json'],
      ...(token === undefined ? [] : [['Txn-Token', token] as const]),
      ...more,
    ],
  })
}

inOneWorld('an API behind the gateway', (world) => {
  for (const framework of FRAMEWORKS) describe(framework, () => declare(world, framework))
})

function declare(world: () => World, framework: Framework): void {
  let shop: KnownShop
  before(async () => {
    shop = await shopBehind(world(), framework)
    await letIn(world(), [shop])
  })

  const refused = (answer: Answer, status: number, code: string, hint = '') => {
    assert.deepEqual([answer.status, answer.body.code], [status, code], `${hint} ${answer.text}`)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    assert.equal(shop.handled.length, 0, hint)
  }

  it('takes a permit for a write once', async () => {
    const token = await transaction(world(), shop)
    assert.equal((await buy(shop, token)).status, 200)
    shop.handled.length = 0
    refused(await buy(shop, token), 409, 'transaction.used')
  })

  it('takes it once, too, when many come at the same time', async () => {
    const token = await transaction(world(), shop)
    const answers = await Promise.all(Array.from({ length: 16 }, () => buy(shop, token)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    assert.equal(shop.handled.length, 1)
    shop.handled.length = 0
  })

  it('does not use a permit up by a request that it does not fit', async () => {
    const token = await transaction(world(), shop)
    refused(await buy(shop, token, '{"amount": 99}'), 403, 'transaction.other_arguments')
    assert.equal((await buy(shop, token)).status, 200)
    shop.handled.length = 0
  })

  it('compares arguments to the last digit, and all of them', async () => {
    const w = world()
    const other = 'transaction.other_arguments'
    for (const body of [
      '{"amount": 12.5}',
      '{"amount": 12.500}',
      '{"amount": 1250e-2}',
      '{"amount": 12.500000000000000001}',
      '{"amount": 12.50, "gift": true}',
      '{"amount": 12.50, "to": {}}',
      '{"gift": true}',
      '{}',
      '[]',
      '"12.50"',
      '{"amount": [12.50]}',
    ])
      refused(await buy(shop, await transaction(w, shop), body), 403, other, body)
    const gift = lampFor('12.50', [['gift', { kind: 'boolean', value: true }]])
    const withGift = () => transaction(w, shop, { arguments: gift })
    refused(await buy(shop, await withGift()), 403, other)
    const asText = '{"amount": 12.50, "gift": "true"}'
    refused(await buy(shop, await withGift(), asText), 403, other)
    const chair = new Map(lampFor('12.50')).set('item', { kind: 'string', value: 'chair' })
    refused(await buy(shop, await transaction(w, shop, { arguments: chair })), 403, other)
    const exact = await transaction(w, shop, { arguments: lampFor('9007199254740993.1') })
    refused(await buy(shop, exact, '{"amount": 9007199254740992.1}'), 403, other)
  })

  it('reads a body in one way only', async () => {
    const w = world()
    const twice = '{"amount": 12.50, "amount": 12.50}'
    refused(await buy(shop, await transaction(w, shop), twice), 400, 'input.duplicate_key')
    const proto = '{"amount": 12.50, "__proto__": {}}'
    refused(await buy(shop, await transaction(w, shop), proto), 400, 'input.forbidden_key')
  })

  it('refuses a permit for another operation, another API or another trust domain', async () => {
    const w = world()
    const list = { action: `${shop.name}.list`, arguments: new Map() }
    refused(await buy(shop, await transaction(w, shop, list)), 403, 'transaction.other_action')
    const elsewhere = { location: `${w.gateway}/orders` }
    refused(await buy(shop, await transaction(w, shop, elsewhere)), 403, 'transaction.other_api')
    const domain = { trustDomain: 'other.remit' }
    refused(await buy(shop, await transaction(w, shop, domain)), 401, 'transaction.invalid')
  })

  it('refuses a permit that is old, and one that was changed', async () => {
    const w = world()
    const token = await transaction(w, shop)
    const [head = '', claims = '', signature = ''] = token.split('.')
    const changed = JSON.parse(Buffer.from(claims, 'base64url').toString())
    changed.tctx.arguments.amount = '99'
    const forged = Buffer.from(JSON.stringify(changed)).toString('base64url')
    const answer = await buy(shop, `${head}.${forged}.${signature}`, '{"amount": 99}')
    refused(answer, 401, 'transaction.invalid')
    w.clock.advance(66_000)
    refused(await buy(shop, token), 401, 'transaction.invalid')
  })

  it('takes no token of an agent, wherever it stands', async () => {
    const w = world()
    const task = await w.open({ details: [allOf(shop)] })
    const token = await w.agent.token(task, shop.identifier)
    refused(await buy(shop, token), 401, 'transaction.invalid')
    for (const scheme of ['DPoP', 'Bearer'])
      for (const txn of [undefined, await transaction(w, shop)]) {
        const brought = await buy(shop, txn, undefined, [['Authorization', `${scheme} ${token}`]])
        refused(brought, 401, 'transaction.agent_token')
        assert.match(String(brought.headers['www-authenticate']), /^DPoP resource_metadata="/)
      }
    refused(await buy(shop, undefined), 401, 'transaction.missing')
    const two = await buy(shop, await transaction(w, shop), undefined, [
      ['Txn-Token', await transaction(w, shop)],
    ])
    refused(two, 401, 'transaction.invalid')
  })

  it('takes no other token of Remit’s, however genuine', async () => {
    const w = world()
    const task = await w.open({ details: [allOf(shop)] })
    refused(await buy(shop, task.token), 401, 'transaction.invalid', 'a task token')
    const asked = {
      agent: 'refund-bot',
      purpose: 'help',
      authorization_details: [allOf(shop)],
    }
    const body = JSON.stringify(asked)
    const { body: child } = await w.agent.about(task, 'POST', '/children', { body })
    refused(await buy(shop, String(child.ticket)), 401, 'transaction.invalid', 'a ticket')
  })

  it('runs nothing but the call of the permit, however it is written', async () => {
    const w = world()
    const json = ['Content-Type', 'application/json'] as const
    for (const [method, path, more = []] of [
      ['POST', '/items/chair/orders'],
      ['POST', '/items/lamp/orders?amount=1'],
      ['POST', '/items/lamp/orders?x=1'],
      ['POST', '/items/lamp/orders/'],
      ['POST', '//items/lamp/orders'],
      ['POST', '/ITEMS/lamp/orders'],
      ['POST', '/items/lamp;x/orders'],
      ['POST', '/items/lamp%2Forders'],
      ['POST', '/items/lamp%00/orders'],
      ['POST', '/items/lamp/orders%3Fx'],
      ['DELETE', '/items/lamp'],
      ['GET', '/items'],
      ['HEAD', '/items'],
      ['POST', '/items/chair/orders', [['X-Original-URL', '/items/lamp/orders']]],
      ['GET', '/items', [['X-HTTP-Method-Override', 'POST']]],
    ] as [string, string, [string, string][]?][]) {
      const answer = await send(shop.origin + path, {
        method,
        headers: [json, ['Txn-Token', await transaction(w, shop)], ...more],
        ...(method === 'POST' ? { body: '{"amount": 12.50}' } : {}),
      })
      assert.ok(answer.status >= 400, `${method} ${path} ${answer.status}`)
      assert.equal(shop.handled.length, 0, `${method} ${path}`)
    }
  })

  it('reads no more of a body than it may, and none that is packed', async () => {
    const w = world()
    const large = `{"amount": 12.50, "x": "${'x'.repeat(1024 * 1024)}"}`
    for (const how of [[], [['Transfer-Encoding', 'chunked']]] as [string, string][][]) {
      const answer = await buy(shop, await transaction(w, shop), large, how).catch(
        // It may stop listening before everything is sent.
        (error: NodeJS.ErrnoException) => ({ status: 413, error }),
      )
      assert.equal(answer.status, 413)
    }
    const packed = gzipSync('{"amount": 12.50}')
    const answer = await send(`${shop.origin}/items/lamp/orders`, {
      method: 'POST',
      body: packed,
      headers: [
        ['Content-Type', 'application/json'],
        ['Content-Encoding', 'gzip'],
        ['Txn-Token', await transaction(w, shop)],
      ],
    })
    refused(answer, 415, 'request.unsupported_media_type')
    const typed = await send(`${shop.origin}/items/lamp/orders`, {
      method: 'POST',
      body: '{"amount": 12.50}',
      headers: [
        ['Content-Type', 'text/plain'],
        ['Txn-Token', await transaction(w, shop)],
      ],
    })
    refused(typed, 415, 'request.unsupported_media_type')
  })

  it('lets a credential of its own pass that the gateway put in', async () => {
    const token = await transaction(world(), shop)
    const answer = await buy(shop, token, undefined, [['Authorization', 'Bearer of-the-shop']])
    assert.equal(answer.status, 200, answer.text)
    shop.handled.length = 0
  })

  it('may be told the same read twice', async () => {
    const w = world()
    await using task = await sdkTask(w, { details: [allOf(shop)] })
    assert.equal((await task.fetch(`${shop.identifier}/items`)).status, 200)
    const list = { action: `${shop.name}.list`, arguments: new Map() }
    const token = await transaction(w, shop, list)
    const read = () => send(`${shop.origin}/items`, { headers: [['Txn-Token', token]] })
    assert.deepEqual([(await read()).status, (await read()).status], [200, 200])
    shop.handled.length = 0
  })
}

inOneWorld('an API behind the gateway whose issuer withdraws its key', (world) => {
  it('believes nothing that it signed, once it reads the keys again', async () => {
    const w = world()
    // It reads the keys when it needs them first; later it reads them again after five minutes.
    const shop = await shopBehind(w, 'web')
    const old = await transaction(w, shop)
    const ada = await w.api('ada')
    const { body } = await ada.send('GET', '/keys')
    const [{ kid }] = body.keys as [{ kid: string }] // there is one
    assert.equal((await ada.send('POST', `/keys/${kid}/withdraw`, {})).status, 200)
    const refused = await buy(shop, old)
    assert.deepEqual([refused.status, refused.body.code], [401, 'transaction.invalid'])
    assert.equal(shop.handled.length, 0)
    assert.equal((await buy(shop, await transaction(w, shop))).status, 200)
  })
})

inOneWorld('an API behind the gateway that cannot check', (world) => {
  it('runs nothing when the keys cannot be had, or when the memory of what was used fails', async () => {
    const w = world()
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    const down = await shopBehind(w, 'web', {
      onError,
      fetch: async () => new Response('busy', { status: 500 }),
    })
    const unknown = await buy(down, await transaction(w, down))
    assert.deepEqual([unknown.status, unknown.body.code], [503, 'api.not_decided'], unknown.text)
    const forgetful = await shopBehind(w, 'fastify', {
      onError,
      usedOnce: { use: () => Promise.reject(new Error('the memory is gone')) },
    })
    const unsure = await buy(forgetful, await transaction(w, forgetful))
    assert.deepEqual([unsure.status, unsure.body.code], [503, 'api.not_decided'], unsure.text)
    assert.equal(down.handled.length + forgetful.handled.length, 0)
    assert.equal(errors.length, 2)
  })
})
