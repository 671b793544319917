import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import type { OpenTask } from '../agent.ts'
import { assertRefused, assertRequestable } from '../refusals.ts'
import { decode } from '../signing.ts'
import { inOneWorld } from '../world.ts'

const FORM = 'application/x-www-form-urlencoded'

inOneWorld('M1: forms as Stripe describes them', (world) => {
  let task: OpenTask
  let token: string
  before(async () => {
    await world().trustEcho()
    task = await world().open()
    token = await world().agent.token(task, `${world().gateway}/echo`)
  })

  const call = (body: string, type = FORM) =>
    world().agent.call(task, 'POST', '/echo/invoices', { token, body, type })

  const reached = () => {
    const [only, ...more] = world().echo.reached
    assert.ok(only)
    assert.equal(more.length, 0)
    const { tctx } = decode(String(only.headers['txn-token'])).claims as {
      tctx: { arguments: Record<string, unknown> } // contract 4
    }
    return { ...only, arguments: tctx.arguments }
  }

  it('records and lists are decided on, and the same pairs are sent in their order', async () => {
    world().echo.forget()
    const sent = [
      'items[0][price]=pr_1',
      'expand[0]=customer',
      'items[0][quantity]=2',
      'metadata[order]=1042',
      'note=two+lines%0Aand%20%7E%2D',
    ].join('&')
    const answer = await call(sent)
    assert.equal(answer.status, 200, answer.text)
    const { arguments: decided, body, headers } = reached()
    assert.equal(headers['content-type'], FORM)
    assert.deepEqual(
      [...new URLSearchParams(body)],
      [...new URLSearchParams(sent)],
      'what was sent is what came',
    )
    assert.deepEqual(decided, {
      note: 'two lines\nand ~-',
      expand: ['customer'],
      items: [{ price: 'pr_1', quantity: '2' }],
    })
  })

  it('rules see what is in a list, and the page shows each pair', async () => {
    world().echo.forget()
    const asked = assertRequestable(await call('expand[0]=charge&metadata[order]=1042'))
    assert.equal(world().echo.reached.length, 0)
    const fiona = await world().browser('fiona')
    const page = await fiona.get(asked.page)
    for (const shown of ['expand[0]', 'charge', 'metadata[order]', '1042'])
      assert.ok(page.text.includes(shown), shown)
    await fiona.submit(page, /^Approve once/)
    assertRequestable(await call('expand[0]=charge&metadata[order]=1043'))
    const done = await call('expand[0]=charge&metadata[order]=1042')
    assert.equal(done.status, 200, done.text)
    assert.equal(reached().body, 'expand%5B0%5D=charge&metadata%5Border%5D=1042')
  })

  it('an object that the document gives no spelling goes on as it came, in any of them', async () => {
    for (const body of ['order=%7B%22total%22%3A1%7D', 'order%5Btotal%5D=1', 'order=1&order=2']) {
      world().echo.forget()
      const answer = await call(body)
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual([reached().body, reached().arguments], [body, {}])
    }
  })

  it('what parsers read differently reaches nobody', async () => {
    const before = world().echo.connections
    for (const [body, code] of [
      ['items[][price]=a', 'arguments.repeated'],
      ['items[1][price]=a', 'arguments.wrong_kind'],
      ['expand[]=a&expand[0]=b', 'arguments.repeated'],
      ['expand=a', 'arguments.wrong_kind'],
      ['note[x]=a', 'arguments.unknown'],
      ['note=a&note[]=b', 'arguments.unknown'],
      ['metadata[a=1', 'arguments.unknown'],
      ['metadata[__proto__][a]=1', 'arguments.unknown'],
      ['note=a]=1', 'input.malformed'],
      ['no%0Ate=a', 'input.malformed'],
      ['note=%00', 'input.malformed'],
    ] as const)
      assertRefused(await call(body), code, body)
    assertRefused(await call('{"note":"a"}', 'application/json'), 'request.unsupported_media_type')
    assert.equal(world().echo.connections, before)
  })

  it('JSON of another type is taken under its own type only', async () => {
    const patch = (type: string) =>
      world().agent.call(task, 'PATCH', '/echo/patches', { token, body: '{"name":"a"}', type })
    world().echo.forget()
    assertRefused(await patch('application/json'), 'request.unsupported_media_type')
    const answer = await patch('application/merge-patch+json')
    assert.equal(answer.status, 200, answer.text)
    assert.equal(reached().headers['content-type'], 'application/merge-patch+json')
    assert.deepEqual(reached().arguments, { name: 'a' })
  })
})
