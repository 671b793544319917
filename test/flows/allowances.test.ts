import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { OpenTask } from '../agent.ts'
import { assertRefused, assertRequestable } from '../refusals.ts'
import { inEachWorld, type World } from '../world.ts'

const remove = (w: World, task: OpenTask, thing: string) =>
  w.agent.call(task, 'DELETE', `/echo/things/${thing}`)

/** Fiona answers for more than once: the form of the request, then the page that spells it out. */
async function answerForMore(w: World, page: string, fields: Readonly<Record<string, string>>) {
  const fiona = await w.browser('fiona')
  const spelled = await fiona.submit(await fiona.get(page), /^Look at it first/, fields)
  assert.equal(spelled.status, 200, spelled.text)
  const done = await fiona.submit(spelled, /^Approve/)
  assert.equal(done.status, 200, done.text)
  return { spelled, done }
}

inEachWorld('an answer that stands for more than one call', (world) => {
  it('A7: lets exactly so many through, is seen by those it concerns, and asks again after', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const asked = assertRequestable(await remove(w, task, 's1'))
    const { spelled } = await answerForMore(w, asked.page, { uses: '3' })
    assert.ok(spelled.text.includes('3 times, this call included'), spelled.text)

    const status = await w.agent.about(task, 'GET', `/requests/${asked.id}`)
    assert.deepEqual([status.body.state, status.body.used], ['approved', false])
    for (let i = 0; i < 3; i++) assert.equal((await remove(w, task, 's1')).status, 200)
    assertRequestable(await remove(w, task, 's1'))
    assertRequestable(await remove(w, task, 's2'))
    assert.equal(w.echo.reached.length, 3)

    const records = (await w.ledger()).filter((each) => each.task === task.id)
    const used = records.filter(({ type }) => type === 'allowance.used')
    assert.equal(used.length, 3)
    assert.equal(records.filter(({ type }) => type === 'allowance.given').length, 1)
  })

  it('ends with its task: in the row, in the lists and on record', async () => {
    const w = world()
    const task = await w.open()
    const asked = assertRequestable(await remove(w, task, 'u1'))
    await answerForMore(w, asked.page, { uses: '3' })
    const sam = await w.api('sam')
    const listed = async () => {
      const { body } = await sam.send('GET', '/allowances')
      return (body.allowances as { id: string; request: string }[]).find(
        ({ request }) => request === asked.id,
      ) // as the schema says
    }
    const given = await listed()
    assert.ok(given)
    assert.equal((await w.agent.about(task, 'DELETE', '')).status, 200)
    assert.equal(await listed(), undefined)
    const ended = (await w.ledger()).find(
      (each) => each.type === 'allowance.ended' && each.task === task.id,
    )
    assert.equal(ended?.by, 'task.closed')
    const { body } = await sam.send('GET', `/allowances/${given.id}`)
    assert.equal(body.ended_by, 'task.closed')
  })

  it('is listed and ended by the person it is used for, over the API', async () => {
    const w = world()
    const task = await w.open()
    const asked = assertRequestable(await remove(w, task, 't1'))
    await answerForMore(w, asked.page, { often: 'needed', scope: 'agent-hour' })
    assert.equal((await remove(w, task, 't1')).status, 200)
    const other = await w.open()
    assert.equal((await remove(w, other, 't1')).status, 200, 'in every task')

    const sam = await w.api('sam')
    const { body } = await sam.send('GET', '/allowances')
    const [allowance] = body.allowances as {
      id: string
      request: string
      uses: null
      text: string
    }[] // as the schema says
    assert.ok(allowance)
    assert.deepEqual([allowance.request, allowance.uses], [asked.id, null])
    assert.match(allowance.text, /is exactly "t1"$/)
    const done = await remove(w, task, 't1')
    const decision = String(done.headers['remit-decision'])
    const explained = await sam.send('GET', `/decisions/${decision}`)
    assert.equal(explained.body.allowance, allowance.id, explained.text)

    for (const name of ['fiona', 'ada'] as const) {
      const api = await w.api(name)
      assert.equal((await api.send('GET', `/allowances/${allowance.id}`)).status, 200)
    }
    assertRefused(await sam.send('DELETE', '/allowances/alw_none'), 'allowance.unknown')
    assert.equal((await remove(w, task, 't1')).status, 200)

    const ended = await sam.send('DELETE', `/allowances/${allowance.id}`)
    assert.equal(ended.status, 200, ended.text)
    assert.equal(ended.body.ended_by, (await w.person('sam')).id)
    assertRequestable(await remove(w, task, 't1'))
    assertRequestable(await remove(w, other, 't1'))
    assert.equal((await sam.send('DELETE', `/allowances/${allowance.id}`)).status, 200)
  })

  it('cannot be given by an agent, nor with anything but a page of ours', async () => {
    const w = world()
    const task = await w.open()
    const asked = assertRequestable(await remove(w, task, 'u1'))
    const post = (path: string) =>
      w.agent.about(task, 'POST', path, { body: JSON.stringify({ request_id: asked.id }) })
    for (const path of ['/allowances', `/requests/${asked.id}/allowance`])
      assert.equal((await post(path)).status, 404)
    const fiona = await w.api('fiona')
    for (const path of ['/allowances', `/approvals/${asked.id}`])
      assert.ok([404, 405].includes((await fiona.send('POST', path, {})).status))
    assertRequestable(await remove(w, task, 'u1'))
  })
})
