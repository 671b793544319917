import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ApprovalRequired, CallFailed, Denied, type Task } from 'remit-sdk'
import { until } from '../until.ts'
import { send } from '../wire.ts'
import { inOneWorld, type World } from '../world.ts'
import { FRAMEWORKS, type Framework } from './shop.ts'
import { allOf, approve, type KnownShop, letIn, sdkTask, shopBehind, shopDirect } from './shops.ts'

const MODES = { 'behind the gateway': shopBehind, 'called directly': shopDirect } as const
const json = { 'content-type': 'application/json' }

inOneWorld('an API', (world) => {
  for (const [mode, start] of Object.entries(MODES)) {
    for (const framework of FRAMEWORKS) {
      describe(`${mode}, with ${framework}`, () => declare(world, framework, start))
    }
  }
})

function declare(world: () => World, framework: Framework, start: typeof shopBehind): void {
  let shop: KnownShop
  let task: Task

  before(async () => {
    const w = world()
    shop = await start(w, framework)
    await letIn(w, [shop])
    task = await sdkTask(w, { details: [allOf(shop)] })
  })
  after(async () => {
    await task.close()
  })

  const buy = (body: string) =>
    task.fetch(`${shop.identifier}/items/lamp/orders`, { method: 'POST', headers: json, body })

  it('runs what is permitted, and its handler knows who acts for whom', async () => {
    const w = world()
    shop.handled.length = 0
    const answer = await buy(
      '{"amount": 12.50, "gift": true, "tags": ["a", "b"], "to": {"city": "Oslo"}}',
    )
    assert.equal(answer.status, 200, await answer.clone().text())
    assert.deepEqual(await answer.json(), { ok: true, action: `${shop.name}.buy` })
    const [handled] = shop.handled
    assert.ok(handled)
    const { call } = handled
    const sam = await w.person('sam')
    assert.deepEqual(call.person, { id: sam.id, issuer: w.provider, subject: 'sam' })
    assert.deepEqual([call.agent, call.chain], ['refund-bot', ['refund-bot']])
    assert.deepEqual([call.task.id, call.purpose], [task.id, 'buy what is needed'])
    const to = { city: 'Oslo' }
    const exact = { item: 'lamp', amount: '12.50', gift: true, tags: ['a', 'b'], to }
    assert.deepEqual(call.arguments, exact)
    assert.deepEqual(handled.body, { amount: 12.5, gift: true, tags: ['a', 'b'], to })
    const decision = await until(async () => {
      const { body } = await (await w.api('ada')).send('GET', `/decisions/${call.decisionId}`)
      return body.state === 'answered' ? body : undefined
    })
    assert.equal(decision.outcome, 'permit')
  })

  it('takes lists, numbers and yes or no from the query', async () => {
    const url = `${shop.identifier}/items?tag=a&tag=b&limit=10&sale=true`
    const answer = await task.fetch(url)
    assert.equal(answer.status, 200, await answer.clone().text())
    const wanted = { tag: ['a', 'b'], limit: '10', sale: true }
    assert.deepEqual(shop.handled.at(-1)?.call.arguments, wanted)
  })

  it('does not run what the task does not cover', async () => {
    shop.handled.length = 0
    const w = world()
    const bounds = [{ path: '/amount', op: 'lte', value: '100.00' }] as const
    const only = { ...allOf(shop), actions: [`${shop.name}.buy`], bounds }
    await using small = await sdkTask(w, { details: [only] })
    const body = '{"amount": 100.01}'
    const call = small.fetch(`${shop.identifier}/items/lamp/orders`, {
      method: 'POST',
      headers: json,
      body,
    })
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof Denied)
      assert.equal(error.code, 'task.not_covered')
      assert.equal(error.status, 403)
      assert.match(error.decisionId ?? '', /^dec_/)
      assert.ok(error.enough)
      return true
    })
    assert.equal(shop.handled.length, 0)
  })

  it('runs what people approve once, and not before', async () => {
    const w = world()
    shop.handled.length = 0
    const remove = () => task.fetch(`${shop.identifier}/items/chair`, { method: 'DELETE' })
    const pending = await remove().then(
      () => assert.fail('it was not approved yet'),
      (error) => error,
    )
    assert.ok(pending instanceof ApprovalRequired, String(pending))
    assert.equal(shop.handled.length, 0)
    const waiting = pending.wait()
    await approve(w, pending.request.page)
    await waiting
    assert.equal((await remove()).status, 200)
    assert.equal(shop.handled.length, 1)
    await until(async () => {
      const again = await remove().catch((error: unknown) => error)
      assert.ok(again instanceof Denied)
      assert.equal(again.code, 'approval.executed')
      return 'state' in again && again.state === 'answered' ? again : undefined
    })
    assert.equal(shop.handled.length, 1)
  })

  it('answers 401 and where tokens come from when there is none', async () => {
    const answer = await send(`${shop.origin}/items`)
    assert.equal(answer.status, 401)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    assert.equal(answer.body.type, `urn:remit:problem:${String(answer.body.code)}`)
    const { origin, pathname } = new URL(shop.identifier)
    const path = pathname === '/' ? '' : pathname
    const metadata = `${origin}/.well-known/oauth-protected-resource${path}`
    assert.ok(
      String(answer.headers['www-authenticate']).includes(`resource_metadata="${metadata}"`),
    )
  })

  it('refuses a body with a name twice, and one that is no JSON', async () => {
    shop.handled.length = 0
    for (const body of ['{"amount": 1, "amount": 2}', '{"amount": 1', '{"amount": 01}', '\ufeff{}'])
      await assert.rejects(buy(body), (error) => {
        assert.ok(error instanceof Denied, String(error))
        assert.ok(error.status >= 400 && error.status < 500)
        return true
      })
    assert.equal(shop.handled.length, 0)
  })

  it('reports a handler that fails', async () => {
    const w = world()
    shop.handled.length = 0
    shop.behave = () => {
      throw new Error('the handler fails')
    }
    await buy('{"amount": 3}').catch((error: unknown) => assert.ok(error instanceof CallFailed))
    shop.behave = undefined
    const id = shop.handled[0]?.call.decisionId
    await until(async () => {
      const { body } = await (await w.api('ada')).send('GET', `/decisions/${id}`)
      return body.state === 'sending' ? undefined : body
    })
  })
}
