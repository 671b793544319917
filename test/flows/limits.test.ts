import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertDenied } from '../refusals.ts'
import { newKey } from '../signing.ts'
import { inEachWorld } from '../world.ts'

inEachWorld('limits on a time', (world) => {
  it('answer 429 with when it fits again, at the task’s own budget and at a standing one', async () => {
    const w = world()
    const key = await newKey()
    const wish = { details: w.everything, subjectToken: await w.idToken(), key }
    const budget = JSON.stringify([{ limit: 'calls', max: 2, seconds: 600 }])
    const { body } = await w.agent.ask(wish, { form: { budget } })
    const task = { id: String(body.task_id), token: String(body.access_token), key }
    const read = () => w.agent.call(task, 'GET', '/orders/orders/1042')
    assert.equal((await read()).status, 200)
    assert.equal((await read()).status, 200)
    const refused = await read()
    assertDenied(refused, 'limit.try_later')
    assert.equal(refused.status, 429)
    const seconds = Number(refused.body.retry_after)
    assert.ok(seconds > 0 && seconds <= 600, refused.text)
    assert.equal(refused.headers['retry-after'], String(seconds))
    assert.match(String(refused.body.enough), /^the same call after /)
    const about = await w.agent.about(task, 'GET', '')
    assert.equal(about.body.state, 'open')
    assert.deepEqual(about.body.budget, [
      ...[
        { name: 'calls in 10 min', kind: 'calls', most: '2', seconds: 600, used: '2', left: '0' },
      ],
    ])
    const page = await (await w.browser('sam')).get(`${w.issuer}/tasks/${task.id}`)
    assert.ok(page.text.includes('2 of 2 calls in any 10 minutes used'), page.text)
  })

  it('of an agent are kept by all of its tasks', async () => {
    const w = world()
    const ada = await w.api('ada')
    const set = await ada.send('PUT', '/limits', {
      subject: { kind: 'agent', id: 'refund-bot' },
      limit: { limit: 'calls', max: 1, seconds: 3600 },
    })
    assert.equal(set.status, 200, set.text)
    const [one, two] = [await w.open(), await w.open()]
    assert.equal((await w.agent.call(one, 'GET', '/orders/orders/1042')).status, 200)
    const refused = await w.agent.call(two, 'GET', '/orders/orders/1042')
    assertDenied(refused, 'limit.try_later')
    assert.doesNotMatch(refused.text, /1 of 1/)
    await ada.send('DELETE', `/limits/${String(set.body.id)}`)
    assert.equal((await w.agent.call(two, 'GET', '/orders/orders/1042')).status, 200)
  })
})
