import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertDenied, assertRefused } from '../refusals.ts'
import { inEachWorld } from '../world.ts'

inEachWorld('risk, on the wire', (world) => {
  it('a signal of another system makes the next call ask, and nobody who is watched is told', async () => {
    const w = world()
    const task = await w.open()
    const refund = () =>
      w.agent.call(task, 'POST', '/orders/orders/1042/refunds', { body: '{"amount":10.00}' })
    assert.equal((await refund()).status, 201)
    const ada = await w.api('ada')
    const added = await ada.send('POST', '/clients', { id: 'siem', kind: 'signal-source' })
    const secret = String(added.body.secret)
    assert.match(secret, /^sgs_/)

    const signal = {
      subject: { kind: 'task', id: task.id },
      signal: 'odd-behaviour',
      level: 'high',
      expires_at: new Date(w.clock.now() + 3_600_000).toISOString(),
    }
    const report = (authorization: string, body: object = signal) =>
      fetch(`${w.issuer}/v1/risk-signals`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    assert.equal((await report('Bearer sgs_nobody')).status, 401)
    assert.equal((await report(`Bearer ${secret}`, { ...signal, level: 'none' })).status, 400)
    assert.equal((await report(`Bearer ${secret}`)).status, 200)

    const asked = await refund()
    assertDenied(asked, 'approval.required')
    assert.doesNotMatch(asked.text, /odd-behaviour|score/)
    const id = String(asked.headers['remit-decision'])
    const operator = (await ada.send('GET', `/decisions/${id}`)).body.risk as {
      score: number
      signals: { signal: string }[]
    } // documented
    assert.ok(operator.score >= 70, String(operator.score))
    assert.ok(operator.signals.some((each) => each.signal === 'external.high'))
    const sam = await w.api('sam')
    const own = JSON.stringify((await sam.send('GET', `/decisions/${id}`)).body)
    assert.ok(own.includes('class.high'), own)
    assert.doesNotMatch(own, /odd-behaviour|external\.high|"score"|"points"/)
    const page = await (await w.browser('ada')).get(`${w.issuer}/decisions/${id}`)
    assert.ok(page.text.includes('How it was weighed'), page.text)
    const ownPage = await (await w.browser('sam')).get(`${w.issuer}/decisions/${id}`)
    assert.doesNotMatch(ownPage.text, /odd-behaviour|score/)

    assertRefused(await sam.send('GET', '/risk-signals'), 'api.not_permitted')
    const listed = await ada.send('GET', '/risk-signals')
    assert.deepEqual(
      (listed.body.signals as { source: string }[]).map(({ source }) => source), // documented
      ['source:siem'],
    )
    assert.equal((await ada.send('DELETE', '/clients/siem')).status, 200)
    assert.equal((await report(`Bearer ${secret}`)).status, 401)
  })
})
