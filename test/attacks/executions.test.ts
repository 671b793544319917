import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertDenied, assertRefused, assertRequestable } from '../refusals.ts'
import { inEachWorld, type World } from '../world.ts'

async function approve(w: World, page: string): Promise<void> {
  const fiona = await w.browser('fiona')
  assert.equal((await fiona.submit(await fiona.get(page), /^Approve once/)).status, 200)
}

inEachWorld('one approval, one execution', (world) => {
  it('64 executions of one approval at once: one call reaches the API', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const { page } = assertRequestable(await w.agent.call(task, 'DELETE', '/echo/things/race'))
    await approve(w, page)
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    const answers = await Promise.all(
      Array.from({ length: 64 }, () =>
        w.agent.call(task, 'DELETE', '/echo/things/race', { token }),
      ),
    )
    assert.equal(w.echo.reached.length, 1)
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    for (const answer of answers)
      if (answer.status !== 200)
        assert.ok(
          ['approval.executed', 'approval.required'].includes(String(answer.body.code)),
          answer.text,
        )
    const used = (await w.ledger()).filter(
      (each) => each.task === task.id && each.type === 'approval.used',
    )
    assert.equal(used.length, 1)
  })

  it('64 copies of one request at once, the same proof: one call reaches the API', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    const url = `${w.gateway}/echo/things/copy`
    const proofs = [await w.agent.proof(task.key, { method: 'GET', url, token })]
    const answers = await Promise.all(
      Array.from({ length: 64 }, () =>
        w.agent.call(task, 'GET', '/echo/things/copy', { token, proofs }),
      ),
    )
    assert.equal(w.echo.reached.length, 1)
    const [passed, ...more] = answers.filter(({ status }) => status === 200)
    assert.ok(passed)
    assert.equal(more.length, 0)
    for (const answer of answers) if (answer !== passed) assertDenied(answer, 'proof.replayed')
  })

  it('an approval covers exactly the call that was seen: any other argument, header or body asks anew', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const seen = { headers: [['Accept', 'application/json']] } as const
    const remove = (path: string, calling = {}) => w.agent.call(task, 'DELETE', path, calling)
    const { page, id } = assertRequestable(await remove('/echo/things/exact', seen))
    await approve(w, page)
    for (const calling of [
      {},
      { headers: [['Accept', '*/*']] },
      { headers: [...seen.headers, ['Prefer', 'x']] },
    ]) {
      const other = assertRequestable(await remove('/echo/things/exact', calling))
      assert.notEqual(other.id, id, JSON.stringify(calling))
    }
    assert.notEqual(assertRequestable(await remove('/echo/things/exact2', seen)).id, id)
    // What the API never sees is no part of the call.
    const unseen = [...seen.headers, ['X-Trace', '1'], ['User-Agent', 'another']]
    assert.equal((await remove('/echo/things/exact', { headers: unseen })).status, 200)
    assert.equal(w.echo.reached.length, 1)
    assertRefused(await remove('/echo/things/exact', seen), 'approval.executed')
  })

  it('approve and deny at once: if one of them denies, nothing is sent', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const { page } = assertRequestable(await w.agent.call(task, 'DELETE', '/echo/things/both'))
    const fiona = await w.browser('fiona')
    const shown = await fiona.get(page)
    await Promise.all([fiona.submit(shown, /^Approve once/), fiona.submit(shown, /^Deny/)])
    const answer = await w.agent.call(task, 'DELETE', '/echo/things/both')
    const denied = answer.body.code === 'approval.denied'
    assert.ok(denied || answer.status === 200, answer.text)
    assert.equal(w.echo.reached.length, denied ? 0 : 1)
  })

  it('X6: an agent that asks for too much at once is denied without asking anyone', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const answers = []
    for (let i = 0; i < 12; i++)
      answers.push(await w.agent.call(task, 'DELETE', `/echo/things/many${i}`))
    assert.equal(answers.filter(({ body }) => body.code === 'approval.required').length, 10)
    for (const answer of answers.slice(10)) assertDenied(answer, 'approval.too_many_pending')
    assert.equal(w.echo.reached.length, 0)
  })

  it('an approver who is suspended between answer and execution: the approval is worth nothing', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const { page } = assertRequestable(await w.agent.call(task, 'DELETE', '/echo/things/lapsed'))
    await approve(w, page)
    const ada = await w.api('ada')
    const { id } = await w.person('fiona')
    assert.equal((await ada.send('POST', `/people/${id}/suspend`, {})).status, 200)
    assertRequestable(await w.agent.call(task, 'DELETE', '/echo/things/lapsed'))
    assert.equal(w.echo.reached.length, 0)
    assert.equal((await ada.send('POST', `/people/${id}/resume`, {})).status, 200)
  })
})
