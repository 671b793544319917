import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { OpenTask } from '../agent.ts'
import { ended } from '../ended.ts'
import { assertDenied, assertRefused } from '../refusals.ts'
import { newKey } from '../signing.ts'
import { inEachWorld, type World } from '../world.ts'

/** A task of refund-bot for Sam under a budget, as the agent asks for it. */
async function openUnder(w: World, budget: readonly object[]): Promise<OpenTask> {
  const key = await newKey()
  const wish = { details: w.everything, subjectToken: await w.idToken(), key }
  const { body, status, text } = await w.agent.ask(wish, {
    form: { budget: JSON.stringify(budget) },
  })
  assert.equal(status, 200, text)
  return { id: String(body.task_id), token: String(body.access_token), key }
}

const refund = (w: World, task: OpenTask, amount: string) =>
  w.agent.call(task, 'POST', '/orders/orders/1042/refunds', { body: `{"amount":${amount}}` })
const read = (w: World, task: OpenTask) => w.agent.call(task, 'GET', '/orders/orders/1042')

inEachWorld('a task under a budget', (world) => {
  it('shows what is used, and is refused what is more', async () => {
    const w = world()
    const path = '/amount'
    const task = await openUnder(w, [
      { limit: 'calls', max: 20 },
      { limit: 'sum', action: 'orders.refund', path, max: '60.00' },
    ])
    const first = await read(w, task)
    assert.equal(first.status, 200, first.text)
    assert.equal((await refund(w, task, '40.00')).status, 201)
    assertDenied(await refund(w, task, '20.01'), 'budget.exhausted')
    assert.equal((await refund(w, task, '20.00')).status, 201)
    const calls = { name: 'calls', kind: 'calls', most: '20' }
    const amount = { name: 'orders.refund/amount', kind: 'sum', action: 'orders.refund', path }
    const shown = [
      { ...calls, used: '3', left: '17' },
      { ...amount, most: '60.00', used: '60.00', left: '0.00' },
    ]
    assert.deepEqual((await w.agent.about(task, 'GET', '')).body.budget, shown)
    const sam = await w.api('sam')
    assert.deepEqual((await sam.send('GET', `/tasks/${task.id}`)).body.budget, shown)
    const page = await (await w.browser('sam')).get(`${w.issuer}/tasks/${task.id}`)
    assert.ok(page.text.includes('3 of 20 calls used'), page.text)
  })

  it('closes when a call is refused for want of calls', async () => {
    const w = world()
    const task = await openUnder(w, [{ limit: 'calls', max: 1 }])
    const first = await read(w, task)
    assert.equal(first.status, 200, first.text)
    // A task with a call on its way is not closed.
    await ended(w, first.headers['remit-decision'])
    const token = await w.agent.token(task, w.orders)
    const refused = await w.agent.call(task, 'GET', '/orders/orders/1042', { token })
    assertDenied(refused, 'budget.exhausted')
    assertRefused(await w.agent.about(task, 'GET', ''), 'task.closed')
    const sam = await w.api('sam')
    const { body } = await sam.send('GET', `/tasks/${task.id}`)
    assert.deepEqual([body.state, body.close_reason], ['closed', 'budget'])
  })

  it('is not opened when the budget is not exactly one', async () => {
    const w = world()
    for (const budget of ['{}', '[{"limit":"calls"}]', '[{"limit":"calls","max":1e99}]', 'x']) {
      const wish = { details: w.everything, subjectToken: await w.idToken() }
      const answer = await w.agent.ask(wish, { form: { budget } })
      assert.equal(answer.status, 400, `${budget} ${answer.text}`)
    }
  })
})
