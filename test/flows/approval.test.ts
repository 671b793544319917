import assert from 'node:assert/strict'
import { afterEach, it } from 'node:test'
import { endStandIn, nameStandIn } from '../../src/identity/stand-ins/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { PREVIEW_SPAN_MS } from '../../src/tasks/approval-desk/index.ts'
import type { OpenTask } from '../agent.ts'
import { ECHO_SECRET } from '../echo.ts'
import { ended } from '../ended.ts'
import { assertDenied, assertRefused, assertRequestable } from '../refusals.ts'
import { until } from '../until.ts'
import { inEachWorld, type World } from '../world.ts'

const remove = (w: World, task: OpenTask, thing: string) =>
  w.agent.call(task, 'DELETE', `/echo/things/${thing}`)

async function answer(w: World, page: string, button: RegExp, fields = {}) {
  const fiona = await w.browser('fiona')
  const answered = await fiona.submit(await fiona.get(page), button, fields)
  assert.equal(answered.status, 200, answered.text)
}

/** Begins a span in which what is there now is read once, so that all that follows comes in it. */
function beginSpan({ clock }: World): void {
  clock.advance(PREVIEW_SPAN_MS - (clock.now() % PREVIEW_SPAN_MS))
}

interface ChangedCall {
  readonly method?: string
  readonly path?: string
  readonly headers?: readonly (readonly [string, string])[]
}

inEachWorld('a call that people have to approve', (world) => {
  afterEach(() => world().closeTasks())

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
    await ended(w, done.headers['remit-decision'])
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

  it('shows its approver what is there now, read by Remit as a call of the same task', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const asked = assertRequestable(await remove(w, task, 'p1'))
    const fiona = await w.browser('fiona')
    const page = await fiona.get(asked.page)
    assert.equal(w.echo.reached.length, 0, 'looking at the page reads nothing')
    w.echo.answer = ({ headers }, reply) => {
      const told = { name: '<script>x</script>', hint: 'a\u202eb', key: headers.authorization }
      reply.setHeader('content-type', 'application/json').end(JSON.stringify(told))
    }
    beginSpan(w)
    const looked = await fiona.submit(page, /^See what is there now/)
    assert.deepEqual(
      w.echo.reached.map(({ method, target }) => [method, target]),
      [['GET', '/things/p1']],
    )
    assert.equal(w.echo.reached[0]?.headers.authorization, `Bearer ${ECHO_SECRET}`)
    assert.match(looked.text, /What is there now.*Words of Echo.{1,3}read just now/)
    assert.ok(looked.text.includes('<script>x</script>') && !looked.html.includes('<script>x'))
    assert.ok(looked.text.includes('\\u{202e}'), 'what cannot be seen is written out')
    assert.ok(!looked.html.includes(ECHO_SECRET), 'an echoed credential stays in')

    const records = await w.ledger()
    const intent = records.findLast(({ type }) => type === 'decision.intent')
    const { id } = await w.person('fiona')
    assert.deepEqual(intent?.facts, { preview_of: asked.id, approver: id })
    assert.equal(intent?.action, 'echo.read')
    // It ended, and that is recorded.
    await until(async () =>
      (await w.ledger()).find(
        ({ type, decision_id: of }) => type === 'decision.outcome' && of === intent?.decision_id,
      ),
    )

    const soon = await fiona.submit(looked, /^Look again/)
    assert.match(soon.text, /could not be fetched: you have looked a moment ago.*without it/)
    assert.equal(w.echo.reached.length, 1)
    const sam = await w.browser('sam')
    const own = await sam.get(asked.page)
    assert.ok(!own.text.includes('See what is there now'))
    const forged = own.html.replaceAll('"/sign-out"', `"/approvals/${asked.id}/preview"`)
    const refused = await sam.submit({ ...own, html: forged }, /^Sign out/)
    assert.equal(refused.status, 409, 'only who may approve looks')
    assert.equal(w.echo.reached.length, 1)
    await answer(w, asked.page, /^Approve once/)
    w.echo.answer = undefined
    assert.equal((await remove(w, task, 'p1')).status, 200, 'the preview took nothing')
  })

  it('has a page without what is there now, where that cannot be read or may not be told', async () => {
    const w = world()
    const fiona = await w.browser('fiona')
    const look = async (task: OpenTask, thing: string) => {
      const asked = assertRequestable(await remove(w, task, thing))
      const page = await fiona.get(asked.page)
      beginSpan(w)
      const looks = Array.from({ length: 8 }, () => fiona.submit(page, /^See what is there now/))
      const all = await Promise.all(looks)
      const [seen] = all.filter(({ text }) => !text.includes('a moment ago'))
      assert.ok(seen?.text.includes('Approve once'), 'it can be answered in any case')
      return /could not be fetched: (.*?)\. You can/.exec(seen?.text ?? '')?.[1]?.trim()
    }
    w.echo.forget()
    const task = await w.open()
    for (const [thing, says, answer] of [
      ['q1', 'the API answered 500', { status: 500, type: 'application/json', body: '{}' }],
      ['q2', 'the answer is no JSON', { status: 200, type: 'text/html', body: '<b>hi</b>' }],
      [
        'q3',
        /more than 65536 bytes/,
        { status: 200, type: 'application/json', body: `"${'x'.repeat(70_000)}"` },
      ],
    ] as const) {
      w.echo.forget()
      w.echo.answer = (_, reply) => {
        reply.writeHead(answer.status, { 'content-type': answer.type })
        reply.end(answer.body)
      }
      const why = await look(task, thing)
      if (typeof says === 'string') assert.equal(why, says)
      else assert.match(why ?? '', says)
      assert.equal(w.echo.reached.length, 1, 'eight at once read once')
    }
    w.echo.forget()
    const only = { type: 'remit_call', locations: [`${w.gateway}/echo`], bounds: [] }
    const narrow = await w.open({ details: [{ ...only, actions: ['echo.delete'] }] })
    assert.match((await look(narrow, 'q4')) ?? '', /task/)
    assert.equal(w.echo.reached.length, 0, 'what the task may not read is not read for it')
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

  it('is approved with changes: the changed call goes through once, the one that was asked never', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const thing = { name: 'n', owner: { id: 'asked' }, price: 900, tags: ['a', 'b', 'c'] }
    const create = (body: object) =>
      w.agent.call(task, 'POST', '/echo/things', { body: JSON.stringify(body) })
    const asked = assertRequestable(await create(thing))
    const fiona = await w.browser('fiona')
    const form = await fiona.get(asked.page)
    const preview = await fiona.submit(form, /^Look at it first/, {
      ...{ 'edit-0': '500', 'keep-1-1': undefined },
    })
    assert.ok(preview.text.includes('500 instead of 900'), preview.text)
    const done = await fiona.submit(preview, /^Approve with these changes/, { reason: 'half' })
    assert.equal(done.status, 200, done.text)

    const refused = await create(thing)
    assertDenied(refused, 'approval.edited')
    assert.match(
      String(refused.body.detail),
      /price 500 instead of 900, tags \["a","c"\] instead of/,
    )
    assert.match(String(refused.body.detail), /half/)
    const told = await w.agent.about(task, 'GET', `/requests/${asked.id}`)
    assert.equal(told.body.state, 'denied')
    assert.deepEqual(told.body.edited, {
      request: (refused.body.access_request as { id: string }).id, // as: the shape of a requestable refusal
      url: (refused.body.access_request as { url: string }).url, // as: likewise
      changes: refused.body.changes,
    })
    assertRequestable(await create({ ...thing, price: 501, tags: ['a', 'c'] }))
    assert.equal(w.echo.reached.length, 0)
    const changed = { ...thing, price: 500, tags: ['a', 'c'] }
    assert.equal((await create(changed)).status, 200)
    assertRefused(await create(changed), 'approval.executed')
    assertDenied(await create(thing), 'approval.edited')
    assert.equal(w.echo.reached.length, 1)
    assert.deepEqual(JSON.parse(String(w.echo.reached[0]?.body)), changed)
  })

  it('is answered from the command line: what was shown, confirmed on a page; what is risky on its own page only', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const create = (name: string) =>
      w.agent.call(task, 'POST', '/echo/things', {
        body: JSON.stringify({ name, owner: { id: 'asked' } }),
      })
    const asked = assertRequestable(await create('x1'))
    const fiona = await w.api('fiona')
    const at = `/access-requests/${asked.id}`
    const seen = await fiona.send('GET', at)
    assert.equal(seen.body.page_required, false, seen.text)
    assert.deepEqual(seen.body.may, ['approve', 'deny'])
    assert.equal(JSON.parse(String(seen.body.call)).body.value.name, 'x1')
    const approve = (shown: unknown, by = fiona, confirmation?: string) =>
      by.send(
        'POST',
        `${at}/approve`,
        { shown },
        confirmation ? [['Remit-Confirmation', confirmation]] : [],
      )

    const sam = await w.api('sam')
    assert.deepEqual((await sam.send('GET', at)).body.may, [])
    const stranger = await w.api('nils')
    assertRefused(await stranger.send('GET', at), 'approval.unknown')

    const confirmed = async (shown: unknown) => {
      const needed = await approve(shown)
      assert.equal(needed.status, 202, needed.text)
      const { id, url } = needed.body.confirmation as { id: string; url: string } // as: a confirmation that is needed
      const browser = await w.browser('fiona')
      const page = await browser.get(url)
      await browser.submit(page, /^Confirm/)
      return { id, text: page.text }
    }
    const other = assertRequestable(await create('x2'))
    const otherShown = (await fiona.send('GET', `/access-requests/${other.id}`)).body.shown
    for (const shown of ['x'.repeat(43), otherShown])
      assertRefused(await approve(shown), 'approval.shown_differs')
    assertRefused(await approve(seen.body.shown, sam), 'approval.own_request')
    const { id, text } = await confirmed(seen.body.shown)
    assert.match(text, /Approve once: [\s\S]*x1/)
    assertRefused(await approve(otherShown, fiona, id), 'confirmation.missing')
    assert.equal(w.echo.reached.length, 0)
    const again = await confirmed(seen.body.shown)
    const done = await approve(seen.body.shown, fiona, again.id)
    assert.equal(done.body.state, 'approved', done.text)
    assert.equal((await create('x1')).status, 200)
    // The outcome is recorded a moment after the agent has its answer.
    await until(async () => {
      const after = await fiona.send('GET', at)
      return /"state":"answered","status":200/.test(after.text) || undefined
    })
    const page = await (await w.browser('fiona')).get(asked.page)
    assert.match(page.text, /The API answered 200/)

    const denied = await fiona.send('POST', `/access-requests/${other.id}/deny`, {
      shown: otherShown,
      reason: 'no',
    })
    assert.equal(denied.body.state, 'denied', denied.text)
    assertDenied(await create('x2'), 'approval.denied')
    const risky = assertRequestable(await remove(w, task, 'x3'))
    const risk = await fiona.send('GET', `/access-requests/${risky.id}`)
    assert.equal(risk.body.page_required, true)
    const figures = await fiona.send('GET', '/approval-figures')
    assert.match(figures.text, /"busiest_hour":[1-9]/)
  })

  it('is executed as it was approved, and with nothing changed', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const thing = { name: 'n', owner: { id: 'asked' }, price: 900, tags: ['a', 'b'] }
    const prefer = ['Prefer', 'return=minimal'] as const
    const send = (
      over: object,
      { method = 'POST', path = '/echo/things', ...more }: ChangedCall = {},
    ) =>
      w.agent.call(task, method, path, {
        body: JSON.stringify({ ...thing, ...over }),
        headers: [prefer],
        ...more,
      })
    const asked = assertRequestable(await send({}))
    await answer(w, asked.page, /^Approve once/)
    const changed: readonly [string, () => ReturnType<typeof send>][] = [
      ['another name', () => send({ name: 'N' })],
      ['another price', () => send({ price: 901 })],
      ['a price as a text', () => send({ price: '900' })],
      ['no price', () => send({ price: undefined })],
      ['a size more', () => send({ size: 1 })],
      ['tags in another order', () => send({ tags: ['b', 'a'] })],
      ['a tag less', () => send({ tags: ['a'] })],
      ['an owner with more', () => send({ owner: { id: 'asked', x: 1 } })],
      ['a query', () => send({}, { path: '/echo/things?q=1' })],
      ['another path', () => send({}, { method: 'DELETE', path: '/echo/things/n' })],
      ['another method', () => send({}, { method: 'PUT' })],
      ['no header', () => send({}, { headers: [] })],
      ['another header', () => send({}, { headers: [['Prefer', 'wait=10']] })],
      ['one more header', () => send({}, { headers: [prefer, ['If-Match', '"1"']] })],
    ]
    for (const [what, call] of changed) {
      const { status, text } = await call()
      assert.ok(status >= 400 && status < 500, `${what}: ${status} ${text}`)
      assert.equal(w.echo.reached.length, 0, what)
    }
    const other = await w.open()
    const body = JSON.stringify(thing)
    const elsewhere = await w.agent.call(other, 'POST', '/echo/things', { body, headers: [prefer] })
    assertRequestable(elsewhere)
    assert.equal(w.echo.reached.length, 0)
    assert.equal((await send({})).status, 200)
    assertRefused(await send({}), 'approval.executed')
    assert.equal(w.echo.reached.length, 1)
  })

  it('is answered 64 times at once, on its page and over the API: one outcome, and a no is never overtaken', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const fiona = await w.browser('fiona')
    const api = await w.api('fiona')
    const body = JSON.stringify({ name: 'raced', owner: { id: 'asked' } })
    const asked = assertRequestable(await w.agent.call(task, 'POST', '/echo/things', { body }))
    const at = `/access-requests/${asked.id}`
    const { shown } = (await api.send('GET', at)).body
    const confirmed: string[] = []
    for (let i = 0; i < 4; i++) {
      const needed = await api.send('POST', `${at}/approve`, { shown })
      const { id, url } = needed.body.confirmation as { id: string; url: string } // as: a confirmation that is needed
      await fiona.submit(await fiona.get(url), /^Confirm/)
      confirmed.push(id)
    }
    const page = await fiona.get(asked.page)
    const by = Array.from({ length: 64 }, (_, i) => {
      const confirmation = confirmed[i]
      if (confirmation !== undefined)
        return api.send('POST', `${at}/approve`, { shown }, [['Remit-Confirmation', confirmation]])
      if (i % 3 === 0) return api.send('POST', `${at}/deny`, { shown })
      return fiona.submit(page, i % 3 === 1 ? /^Approve once/ : /^Deny/)
    })
    const answers = await Promise.all(by)
    const through = answers.filter(({ status }) => status === 200)
    assert.ok(through.length >= 1)
    for (const { status } of answers) assert.ok([200, 409].includes(status), String(status))
    const records = (await w.ledger()).filter(
      (each) => each.type === 'approval.answered' && each.request_id === asked.id,
    )
    // A no takes back a yes that was not used; nothing takes back a no.
    const outcomes = records.map(({ outcome }) => outcome)
    const possible = [['approved'], ['denied'], ['approved', 'denied']]
    assert.ok(
      possible.some((each) => each.join() === outcomes.join()),
      outcomes.join(),
    )
    const { state } = (await w.agent.about(task, 'GET', `/requests/${asked.id}`)).body
    assert.equal(state, outcomes.at(-1))
    const done = await w.agent.call(task, 'POST', '/echo/things', { body })
    assert.equal(done.status, state === 'approved' ? 200 : 403, `${state} ${done.text}`)
    assert.equal(w.echo.reached.length, state === 'approved' ? 1 : 0)
  })

  it('is denied with the end of its task', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const asked = assertRequestable(await remove(w, task, 'b2'))
    const other = assertRequestable(await remove(w, task, 'b3'))
    await answer(w, asked.page, /^End the task with it/, { canned: 'Find another way' })
    await assert.rejects(w.agent.call(task, 'GET', '/echo/things'), /the task is closed/)
    const fiona = await w.browser('fiona')
    assert.match((await fiona.get(asked.page)).text, /Find another way/)
    assert.match((await fiona.get(other.page)).text, /No longer needed/)
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

  it('is approved by a stand-in, and it says for whom; what is unused when that ends asks again', async () => {
    const w = world()
    w.echo.forget()
    const [fiona, nils] = [await w.person('fiona'), await w.person('nils')]
    const { people } = w.rooms
    const endsAt = w.clock.now() + 3_600_000
    const named = await nameStandIn(people, { personId: fiona.id, standIn: nils.id, endsAt })
    const task = await w.open()
    const asked = [
      assertRequestable(await remove(w, task, 'i1')),
      assertRequestable(await remove(w, task, 'i2')),
    ]
    const [first] = asked
    const api = await w.api('nils')
    const seen = await api.send('GET', `/access-requests/${first?.id}`)
    assert.match(seen.text, new RegExp(`"stands_in_for":\\{"person":"${fiona.id}"`))
    const browser = await w.browser('nils')
    for (const { page } of asked) {
      const done = await browser.submit(await browser.get(page), /^Approve once/)
      assert.match(done.text, new RegExp(`by ${nils.name} ?, for ${fiona.name}`))
    }
    assert.equal((await remove(w, task, 'i1')).status, 200)
    await endStandIn(people, { id: named.id, by: nils })
    assertRequestable(await remove(w, task, 'i2'))
    assert.equal(w.echo.reached.length, 1)
    const answered = (await w.ledger()).find(
      ({ request_id, type }) => type === 'approval.answered' && request_id === first?.id,
    )
    assert.equal(answered?.by, nils.id)
    assert.match(JSON.stringify(answered), new RegExp(`"stands_in_for":"${fiona.id}"`))
  })

  it('is approved by one person alone in an emergency; a review that is missed keeps them from the next', async () => {
    const w = world()
    w.echo.forget()
    const { version } = await w.rooms.policies.active()
    const { text } = await w.rooms.policies.version(version)
    const nils = await w.person('nils')
    const { id: by } = await w.person('ada')
    await publishPolicies(w.rooms.policy, {
      text: text.replaceAll('@requestable(', `@break_glass("person:${nils.id}") @requestable(`),
      ...{ by, note: 'for tests' },
    })
    const reviewMs = 120_000
    Object.assign(w.rooms.decisions, { breakGlass: { lifeMs: 60_000, reviewMs } })
    const offerOn = async (page: string) => (await w.browser('nils')).get(page)
    const task = await w.open()
    const asked = assertRequestable(await remove(w, task, 'g1'))
    const onCall = await w.browser('nils')
    const offer = await onCall.get(asked.page)
    assert.match(offer.text, /does not name you.*In an emergency you may approve it alone/)
    const emergency = 'customers cannot pay, finance is asleep'
    const spelled = await onCall.submit(offer, /^Look at it first/, { emergency })
    assert.ok(spelled.text.includes('/things/g1') && spelled.text.includes(emergency), spelled.text)
    assertRequestable(await remove(w, task, 'g1'))
    const alone = await onCall.submit(spelled, /^Approve alone/)
    assert.match(alone.text, /Approved alone by.*Not sent yet/)

    assert.equal((await remove(w, task, 'g1')).status, 200)
    assertRefused(await remove(w, task, 'g1'), 'approval.executed')
    assert.equal(w.echo.reached.length, 1)
    const finance = await (await w.browser('fiona')).get(asked.page)
    assert.match(finance.text, /used break-glass\. (?!Why)/, 'no link that leads her nowhere')

    w.clock.advance(reviewMs + 1)
    const { page } = assertRequestable(await remove(w, task, 'g2'))
    const refused = await offerOn(page)
    assert.match(refused.text, /An earlier approval of yours was not reviewed in time/)
    assert.ok(!refused.html.includes('name="emergency"'), 'nothing to send')

    const ada = await w.browser('ada')
    const home = await ada.get(`${w.issuer}/`)
    assert.match(home.text, /your review is missing.*Review missed/)
    const path = /href="(\/break-glass\/bgl_[^"]+)"/.exec(home.html)?.[1] ?? ''
    const note = 'they were down, the call was right'
    const reviewed = await ada.submit(await ada.get(`${w.issuer}${path}`), /^It was justified/, {
      note,
    })
    assert.match(reviewed.text, /Justified.*the call was right/)
    assert.doesNotMatch((await ada.get(`${w.issuer}/`)).text, /your review is missing/)
    assert.ok((await offerOn(page)).html.includes('name="emergency"'), 'a late review lifts it')
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
