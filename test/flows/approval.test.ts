import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { OpenTask } from '../agent.ts'
import { assertDenied, assertRefused, assertRequestable } from '../refusals.ts'
import { inEachWorld, type World } from '../world.ts'

const remove = (w: World, task: OpenTask, thing: string) =>
  w.agent.call(task, 'DELETE', `/echo/things/${thing}`)

async function answer(w: World, page: string, button: RegExp, fields = {}) {
  const fiona = await w.browser('fiona')
  const answered = await fiona.submit(await fiona.get(page), button, fields)
  assert.equal(answered.status, 200, answered.text)
}

inEachWorld('a call that people have to approve', (world) => {
  it('is refused but requestable, goes through once when approved, then 409, and can be asked for again', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const asked = assertRequestable(await remove(w, task, 'a1'))
    assert.equal(w.echo.reached.length, 0)
    assert.equal(assertRequestable(await remove(w, task, 'a1')).id, asked.id, 'duplicates attach')
    assert.notEqual(assertRequestable(await remove(w, task, 'a2')).id, asked.id)

    const status = await w.agent.about(task, 'GET', `/requests/${asked.id}`)
    assert.equal(status.body.state, 'pending', status.text)
    assert.equal(asked.url, `${w.issuer}/v1/tasks/${task.id}/requests/${asked.id}`)

    const sam = await w.browser('sam')
    const own = await sam.get(asked.page)
    assert.ok(!own.html.includes('Approve once'), 'the person it is for is not asked to approve')
    const fiona = await w.browser('fiona')
    const page = await fiona.get(asked.page)
    assert.ok(page.text.includes('a1') && page.text.includes('refund-bot'), page.text)
    await answer(w, asked.page, /^Approve once/)

    const done = await remove(w, task, 'a1')
    assert.equal(done.status, 200, done.text)
    assert.deepEqual(
      w.echo.reached.map(({ method, target }) => [method, target]),
      [['DELETE', '/things/a1']],
    )
    const twice = await remove(w, task, 'a1')
    assertRefused(twice, 'approval.executed')
    assert.equal(twice.body.decision_id, done.headers['remit-decision'])
    assert.equal(twice.body.upstream_status, 200)
    assert.equal(twice.body.state, 'answered')
    assert.equal(twice.body.request_id, asked.id)
    assert.equal(w.echo.reached.length, 1)

    assert.equal(twice.body.request_url, `${w.issuer}/v1/tasks/${task.id}/requests`)
    const again = await w.agent.about(task, 'POST', '/requests', {
      body: JSON.stringify({ request_id: asked.id }),
    })
    assert.equal(again.status, 201, again.text)
    assert.notEqual(again.body.id, asked.id)
    assertRequestable(await remove(w, task, 'a1'))
    await answer(w, String(again.body.page), /^Approve once/)
    assert.equal((await remove(w, task, 'a1')).status, 200)
    assert.equal(w.echo.reached.length, 2)
    assertRefused(await remove(w, task, 'a1'), 'approval.executed')
  })

  it('is denied by a person: refused with their words, and nobody is asked again for a while', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const asked = assertRequestable(await remove(w, task, 'b1'))
    await answer(w, asked.page, /^Deny/, { reason: 'not this one' })
    const refused = await remove(w, task, 'b1')
    assertDenied(refused, 'approval.denied')
    assert.ok(String(refused.body.detail).includes('not this one'))
    const again = await w.agent.about(task, 'POST', '/requests', {
      body: JSON.stringify({ request_id: asked.id }),
    })
    assertRefused(again, 'approval.denied')
    assert.equal(w.echo.reached.length, 0)
  })

  it('is not permitted by an approval of the same call of another task', async () => {
    const w = world()
    w.echo.forget()
    const [one, other] = [await w.open(), await w.open()]
    const asked = assertRequestable(await remove(w, one, 'c1'))
    await answer(w, asked.page, /^Approve once/)
    assertRequestable(await remove(w, other, 'c1'))
    const foreign = await w.agent.about(other, 'GET', `/requests/${asked.id}`)
    assertRefused(foreign, 'approval.unknown')
    assert.equal(w.echo.reached.length, 0)
  })

  it('keeps its approval when provably nothing was sent', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const asked = assertRequestable(await remove(w, task, 'd1'))
    await answer(w, asked.page, /^Approve once/)
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    // The credential cannot be opened: a failure behind the decision, before anything is sent.
    const { master } = w.rooms
    const open = master.open.bind(master)
    Object.assign(master, {
      open() {
        throw new Error('the key is not at hand')
      },
    })
    const failed = await w.agent.call(task, 'DELETE', '/echo/things/d1', { token })
    Object.assign(master, { open })
    assertRefused(failed, 'server.failed')
    assert.equal(w.echo.reached.length, 0)
    assert.equal((await remove(w, task, 'd1')).status, 200)
    assert.equal(w.echo.reached.length, 1)
  })

  it('nobody answers: that denies, also when the answer comes later', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open({}, {})
    const asked = assertRequestable(await remove(w, task, 'e1'))
    const fiona = await w.browser('fiona')
    const page = await fiona.get(asked.page)
    w.clock.advance(Date.parse(asked.expires_at) - w.clock.now() + 1)
    const late = await fiona.submit(page, /^Approve once/)
    assert.notEqual(late.status, 200, late.text)
    assert.equal(w.echo.reached.length, 0)
  })
})
