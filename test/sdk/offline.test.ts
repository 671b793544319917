import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { behindGateway } from 'remit-sdk/api'
import {
  claims,
  ISSUER,
  KEY,
  LOCATION,
  NOW,
  sign,
  wrongClaims,
  wrongTokens,
} from '../../sdk/src/api/testing.ts'
import { send } from '../wire.ts'
import { FRAMEWORKS, type Framework, type Shop, startShop } from './shop.ts'

// No Remit runs here: an API knows its issuer's keys, and everything else is in the token.

for (const framework of FRAMEWORKS)
  describe(`an API that decides by tokens alone, with ${framework}`, () => declare(framework))

function declare(framework: Framework): void {
  let shop: Shop
  /** Addresses that the API ever asked for. */
  const asked: string[] = []
  let reachable = true

  before(async () => {
    shop = await startShop(framework, 'shop', () =>
      behindGateway({
        issuer: ISSUER,
        trustDomain: 'example.remit',
        location: LOCATION,
        now: () => NOW * 1000,
        fetch: async (url) => {
          asked.push(String(url))
          if (!reachable) throw new TypeError('the network is gone')
          return Response.json({ keys: [KEY.publicJwk] })
        },
      }),
    )
  })
  after(() => shop?.close())

  function buy(...tokens: readonly string[]) {
    return send(`${shop.origin}/items/lamp/orders`, {
      method: 'POST',
      body: '{"amount": 12.50}',
      headers: [
        ['Content-Type', 'application/json'],
        ...tokens.map((token) => ['Txn-Token', token] as const),
      ],
    })
  }

  const ours = (sub: string, act?: object) => ({ iss: ISSUER, sub, ...(act && { act }) })

  it('reads person, chain, task and details in it, and asks nobody', async () => {
    assert.equal((await buy(await sign(claims()))).status, 200)
    assert.deepEqual(asked, [`${ISSUER}/oauth/jwks`], 'the keys, once')
    reachable = false
    shop.handled.length = 0
    const task = { id: 'tsk_2', purpose: 'furnish the hall', parent: 'tsk_1' }
    const act = ours('helper', ours('bot'))
    const answer = await buy(await sign(claims({ txn: 'dec_read', act }, { task })))
    assert.equal(answer.status, 200, answer.text)
    const [handled] = shop.handled
    assert.ok(handled)
    const { via: _, ...call } = handled.call
    assert.deepEqual(call, {
      decisionId: 'dec_read',
      action: 'shop.buy',
      person: { id: 'psn_1', issuer: 'https://idp.example', subject: 'sam' },
      agent: 'helper',
      chain: ['helper', 'bot'],
      task,
      purpose: 'furnish the hall',
      arguments: { item: 'lamp', amount: '12.50' },
    })
    assert.deepEqual(handled.body, { amount: 12.5 })
    // With nobody present there is no person, and the agent is whom it is about.
    const alone = { sub: 'clerk', sub_profile: 'ai_agent', sub_id: undefined, act: undefined }
    assert.equal((await buy(await sign(claims(alone)))).status, 200)
    const last = shop.handled.at(-1)?.call
    assert.deepEqual([last?.person, last?.agent, last?.chain], [undefined, 'clerk', ['clerk']])
    assert.equal(asked.length, 1)
  })

  it('runs nothing for one that is malformed in any way', async () => {
    shop.handled.length = 0
    const odd = await Promise.all(
      Object.entries(wrongClaims()).map(
        async ([hint, payload]) => [hint, await sign(payload)] as const,
      ),
    )
    const others = Object.entries(await wrongTokens())
      // What no header can carry as it is, or what is none.
      .filter(([hint]) => !['with a space', 'nothing'].includes(hint))
    const wrong = [...odd, ...others]
    assert.ok(wrong.length > 45, `${wrong.length}`)
    for (const [hint, token] of wrong) {
      const { body, headers, status } = await buy(token)
      assert.deepEqual([status, body.code], [401, 'transaction.invalid'], hint)
      assert.match(String(headers['content-type']), /^application\/problem\+json/, hint)
    }
    const missing = await buy()
    assert.deepEqual([missing.status, missing.body.code], [401, 'transaction.missing'])
    const two = await buy(await sign(claims()), await sign(claims()))
    assert.deepEqual([two.status, two.body.code], [401, 'transaction.invalid'])
    for (const location of [`${LOCATION}/`, 'https://gw.example/other', undefined]) {
      const { body, status } = await buy(await sign(claims({}, { location })))
      assert.deepEqual([status, body.code], [403, 'transaction.other_api'])
    }
    const list = claims({ scope: 'shop.list' }, { action: 'shop.list' })
    assert.equal((await buy(await sign(list))).body.code, 'transaction.other_action')
    const dearer = { arguments: { item: 'lamp', amount: '99' } }
    const other = await buy(await sign(claims({}, dearer)))
    assert.equal(other.body.code, 'transaction.other_arguments')
    assert.equal(shop.handled.length, 0)
  })
}
