import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRequest } from '../../../approvals/access-requests/index.ts'
import { approvalAnnouncers, listAnswers, shownDigest } from '../../../approvals/approvals/index.ts'
import { setDisplay } from '../../../catalog/catalog-changes/index.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { sha256hex } from '../../../platform/lib/bytes.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { decided } from '../decision/testing.ts'
import { NASTY, textContent } from '../frame/testing.ts'
import { openedTask } from '../task/testing.ts'
import { refundBot, testPages } from '../testing.ts'
import { hiddenFields } from '../visiting/testing.ts'
import { askedFor, openingAsked } from './testing.ts'

async function begin(storage: Storage) {
  const pages = await testPages(storage)
  const sam = await pages.person('sam', 'support')
  const fiona = await pages.person('fiona', 'finance')
  await refundBot(pages, sam)
  const task = await openedTask(pages, sam)
  const request = await askedFor(pages, task)
  const path = `/approvals/${request.id}`
  const standing = async () => (await findRequest(pages.parts.decisions, request.id))?.state
  return { pages, sam, fiona, task, request, path, standing }
}

forEachEngine('the page of an access request', (open) => {
  test('says what, who, exactly what, why, and what an answer grants', async () => {
    const { pages, fiona, path } = await begin(await open())
    const browser = await pages.browserOf(fiona)
    const text = textContent((await browser.get(path)).body)
    for (const part of [
      'Refund 900.00 on order "1042"',
      'High risk',
      'Name of sam',
      'refund-bot',
      'Written by the agent. Not verified.',
      'refund order 1042 <i>now</i>',
      '/orders/1042/refunds',
      '900.00',
      'Large refunds need <someone> from finance',
      'large-refunds-ask',
      'anyone in finance',
      'lets exactly this call through, once, until 01:00 UTC',
      'No answer by 01:00 UTC means no.',
    ]) {
      assert.ok(text.includes(part), part)
    }
  })

  test('has its answers in reach while it is read: in one form with it, behind it, before what goes further', async () => {
    const { pages, fiona, path } = await begin(await open())
    const { body } = await (await pages.browserOf(fiona)).get(path)
    const order = [
      '<form class="answering"',
      'id="who"',
      'id="what"',
      'id="why"',
      'name="reason"',
      '<div class="answer" role="group" aria-labelledby="answer">',
      'value="approve"',
      'value="deny"',
      '</form>',
      'Answer more than this once',
    ]
    const [, main = ''] = body.split('<main')
    const places = order.map((part) => main.indexOf(part))
    assert.ok(!places.includes(-1), String(places))
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    )
  })

  test('says what a task will be given in sentences, before it opens', async () => {
    const { pages, fiona, sam } = await begin(await open())
    const request = await openingAsked(pages, sam)
    const { body } = await (await pages.browserOf(fiona)).get(`/approvals/${request.id}`)
    const text = textContent(body)
    for (const part of [
      'Sponsored by',
      'count <b>orders</b>',
      'Read orders at Orders',
      'Refund orders at Orders, only where amount is at most 1000.00',
      'with no person present, under a sponsor grant',
      '30 minutes at most, from your answer on',
      'key-of-the-task',
      'No one works at night unseen.',
      'lets exactly this task open, once, until 00:30 UTC, and the task ends then at the latest',
    ])
      assert.ok(text.includes(part), `${part}\n${text}`)
    const [said = ''] = text.split('The whole request, byte for byte')
    assert.doesNotMatch(said, /[{}]|remit_call|may_do/, 'nothing has to be read as JSON')
  })

  test('takes an approval, and shows it', async () => {
    const { pages, fiona, path, request, standing } = await begin(await open())
    const browser = await pages.browserOf(fiona)
    assert.match((await browser.get('/')).body, /One thing needs your attention/)
    const done = await browser.submit(path, path, { answer: 'approve', reason: '' })
    assert.equal(done.statusCode, 303)
    assert.equal(done.headers.location, path)
    assert.equal(await standing(), 'approved')
    const page = await browser.get(path)
    assert.match(page.body, /Approved, not used yet/)
    assert.match(page.body, /Take it back/)
    assert.doesNotMatch(page.body, /value="approve"/)
    const [answer] = await listAnswers(pages.parts.decisions, request.id)
    assert.equal(answer?.personId, fiona.id)
    assert.equal(answer?.authTime, pages.clock.now())
  })

  test('core L7: an approval that stopped being enough says so, and leads to the request that counts', async () => {
    const { pages, fiona, path, request, standing, task } = await begin(await open())
    const ada = await pages.person('ada', 'administrators')
    const { decisions } = pages.parts
    const browser = await pages.browserOf(fiona)
    await browser.submit(path, path, { answer: 'approve', reason: '' })
    const before = textContent((await browser.get(path)).body)
    assert.match(before, /Approved, not used yet/)
    assert.match(
      before,
      /If the risk has risen or a rule has changed by then, people are asked again/,
    )
    // The pace of the agent: administrators are asked as well when it makes the call.
    const forbids = [...request.ask.forbids, { id: 'weighed-high-asks', digest: 'd' }]
    const approvers = [...request.ask.approvers, ['group:administrators']]
    const now = await askedFor(pages, task, undefined, { approvers, forbids })
    assert.equal(await standing(), 'cancelled')
    const after = textContent((await browser.get(path)).body)
    assert.doesNotMatch(after, /Approved, not used yet|No longer needed/)
    assert.match(after, /Approved, and not enough any more/)
    assert.match(after, /let nothing through/)
    const next = `href="/approvals/${now.id}">The request that counts now`
    for (const person of [fiona, ada])
      assert.ok((await (await pages.browserOf(person)).get(path)).body.includes(next))
    const { state } = (await findRequest(decisions, now.id)) ?? {}
    assert.equal(state, 'pending')
  })

  test('core L7: a question that is asked in other words by now was approved by nobody', async () => {
    const { pages, fiona, path, task } = await begin(await open())
    const forbids = [{ id: 'large-refunds-ask', digest: 'of today' }]
    await askedFor(pages, task, undefined, { forbids })
    const page = textContent((await (await pages.browserOf(fiona)).get(path)).body)
    assert.match(page, /Asked again/)
    assert.doesNotMatch(page, /Approved, /)
  })

  test('core L7: an approval whose time is over, or whose approver left the group, is not told as usable', async () => {
    const { pages, fiona, sam, path, request } = await begin(await open())
    const browser = await pages.browserOf(fiona)
    await browser.submit(path, path, { answer: 'approve', reason: '' })
    const asked = await pages.browserOf(sam)
    await pages.person('fiona', 'support')
    const lapsed = textContent((await asked.get(path)).body)
    assert.match(lapsed, /Approved, and not enough any more/)
    assert.doesNotMatch(lapsed, /not used yet/)
    await pages.person('fiona', 'finance')
    assert.match((await asked.get(path)).body, /Approved, not used yet/)
    const { usableUntil } = (await findRequest(pages.parts.decisions, request.id)) ?? {}
    pages.clock.advance((usableUntil ?? 0) - pages.clock.now())
    const over = textContent((await (await pages.browserOf(sam)).get(path)).body)
    assert.match(over, /Approved, and not used in time/)
    assert.doesNotMatch(over, /not used yet/)
  })

  test('takes a denial with its reason', async () => {
    const { pages, fiona, path, standing } = await begin(await open())
    const browser = await pages.browserOf(fiona)
    await browser.submit(path, path, { answer: 'deny', reason: 'ask <first>' })
    assert.equal(await standing(), 'denied')
    assert.match((await browser.get(path)).body, /ask &lt;first&gt;/)
  })

  test('takes a report: it denies, the agent stands still, its owner and the administrators are told', async () => {
    const { pages, sam, fiona, path, request, standing } = await begin(await open())
    const ada = await pages.person('ada', 'administrators')
    const { decisions } = pages.parts
    const browser = await pages.browserOf(fiona)
    await browser.submit(path, path, {
      answer: 'report',
      canned: 'This is not needed',
      reason: 'odd',
    })
    assert.equal(await standing(), 'denied')
    assert.equal((await findAgent(decisions.storage.read, 'refund-bot'))?.status, 'suspended')
    const { dead } = await decisions.live.view([{ kind: 'agent', id: 'refund-bot' }])
    assert.deepEqual(
      dead.map(({ state }) => state),
      ['suspended'],
    )
    assert.match(
      (await browser.get(path)).body,
      /Reported as suspicious[\s\S]*This is not needed. odd/,
    )
    const announced = await approvalAnnouncers(decisions).report(request.id)
    assert.deepEqual(
      announced?.recipients.map(({ id }) => id).toSorted(),
      [sam.id, ada.id].toSorted(),
    )
    assert.ok(announced.facts.some(({ value }) => value === 'This is not needed. odd'))
    assert.equal((await (await pages.browserOf(sam)).get(announced.path)).statusCode, 200)
    const events = await decisions.storage.read.selectFrom('outbox_events').selectAll().execute()
    assert.ok(events.some(({ kind, subject }) => kind === 'report' && subject === request.id))
  })

  test('a report of somebody who may not answer does nothing', async () => {
    const { pages, sam, path, standing } = await begin(await open())
    const browser = await pages.browserOf(sam)
    const { csrf = '' } = hiddenFields((await browser.get(path)).body, '/sign-out')
    for (const answer of ['report', 'end_task'])
      assert.equal((await browser.post(path, { csrf, answer, shown: '' })).statusCode, 403)
    assert.equal(await standing(), 'pending')
    const agent = await findAgent(pages.parts.decisions.storage.read, 'refund-bot')
    assert.equal(agent?.status, 'active')
  })

  test('answers requests of one task and action together, each by its own digest, with exceptions', async () => {
    const { pages, fiona, sam, task, request, path } = await begin(await open())
    const { decisions } = pages.parts
    const [second, third] = [
      await askedFor(pages, task, { amount: '901.00' }),
      await askedFor(pages, task, { amount: '902.00' }),
    ]
    const foreign = await askedFor(pages, await openedTask(pages, sam), { amount: '903.00' })
    const browser = await pages.browserOf(fiona)
    assert.match((await browser.get(path)).body, /3 requests that belong together wait/)
    const together = `${path}/together`
    const form = hiddenFields((await browser.get(together)).body, together)
    const stateOf = async (id: string) => (await findRequest(decisions, id))?.state
    const states = async () => [
      await stateOf(request.id),
      await stateOf(second.id),
      await stateOf(third.id),
      await stateOf(foreign.id),
    ]
    const own = `shown-${request.id}`
    const swapped = await browser.post(together, {
      ...{ ...form, answer: 'approve', [`pick-${request.id}`]: 'on' },
      ...{ [own]: form[`shown-${second.id}`] ?? '', [`pick-${second.id}`]: 'on' },
      ...{ [`pick-${foreign.id}`]: 'on', [`shown-${foreign.id}`]: shownDigest(foreign) },
    })
    assert.equal(swapped.statusCode, 409)
    assert.match(swapped.body, /Not answered/)
    assert.deepEqual(await states(), ['pending', 'approved', 'pending', 'pending'])
    const denied = { ...form, answer: 'deny', [`pick-${third.id}`]: 'on', reason: 'not this' }
    assert.equal((await browser.post(together, denied)).statusCode, 200)
    assert.deepEqual(await states(), ['pending', 'approved', 'denied', 'pending'])
    const other = await pages.browserOf(sam)
    assert.equal((await other.get(together)).statusCode, 404)
    const last = { ...form, answer: 'approve', [`pick-${request.id}`]: 'on' }
    assert.equal((await browser.post(together, last)).statusCode, 303)
    assert.deepEqual(await states(), ['approved', 'approved', 'denied', 'pending'])
  })

  test('W8: requests of others are not shown by being picked', async () => {
    const { pages, task, request, path, standing } = await begin(await open())
    const second = await askedFor(pages, task, { amount: '901.00' })
    const nils = await pages.browserOf(await pages.person('nils'))
    const { csrf = '' } = hiddenFields((await nils.get('/')).body, '/sign-out')
    for (const answer of ['approve', 'deny']) {
      const picked = { [`pick-${request.id}`]: 'on', [`pick-${second.id}`]: 'on' }
      const answered = await nils.post(`${path}/together`, { csrf, answer, ...picked })
      assert.equal(answered.statusCode, 404)
      assert.ok(!answered.body.includes('901.00') && !answered.body.includes(request.text))
    }
    assert.equal(await standing(), 'pending')
  })

  test('refuses an answer to something that it did not show', async () => {
    const { pages, fiona, path, standing } = await begin(await open())
    const browser = await pages.browserOf(fiona)
    const answer = await browser.submit(path, path, { answer: 'approve', shown: 'x'.repeat(43) })
    assert.equal(answer.statusCode, 409)
    assert.match(answer.body, /Not answered/)
    assert.equal(await standing(), 'pending')
  })

  test('refuses an answer without the token of this session, or from elsewhere', async () => {
    const { pages, fiona, path, standing } = await begin(await open())
    const browser = await pages.browserOf(fiona)
    const other = await pages.browserOf(fiona)
    const hidden = hiddenFields((await browser.get(path)).body, path)
    const form = { ...hidden, answer: 'approve' }
    const { csrf: foreign = '' } = hiddenFields((await other.get(path)).body, path)
    const { csrf: _, ...without } = { csrf: '', ...form }
    for (const [fields, headers] of [
      [without, undefined],
      [{ ...form, csrf: foreign }, undefined],
      [{ ...form, csrf: '' }, undefined],
      [form, { origin: 'http://evil.test' }],
      [form, { origin: 'null' }],
      [form, { origin: 'http://remit.test', 'sec-fetch-site': 'cross-site' }],
      [form, {}],
    ] as const) {
      const answer = await browser.post(path, fields, headers)
      assert.equal(answer.statusCode, 403, JSON.stringify([fields, headers]))
    }
    const nobody = await pages.browser().post(path, form)
    assert.equal(nobody.statusCode, 401)
    assert.equal(await standing(), 'pending')
  })

  test('is not answered by the represented person, who is told why', async () => {
    const { pages, sam, path, standing } = await begin(await open())
    const browser = await pages.browserOf(sam)
    const page = await browser.get(path)
    assert.match(page.body, /someone else has to look at it/)
    assert.doesNotMatch(page.body, /value="approve"/)
    const { csrf = '' } = hiddenFields(page.body, '/sign-out')
    const answer = await browser.post(path, { csrf, answer: 'approve', shown: '' })
    assert.equal(answer.statusCode, 403)
    assert.equal(await standing(), 'pending')
  })

  test('is not there for people it does not concern: they cannot tell it from one that never was', async () => {
    const { pages, path } = await begin(await open())
    const browser = await pages.browserOf(await pages.person('nils'))
    const [page, file, never] = await Promise.all(
      [path, `${path}/call`, '/approvals/req_unknown'].map((each) => browser.get(each)),
    )
    assert.deepEqual([page?.statusCode, file?.statusCode, never?.statusCode], [404, 404, 404])
    const told = (body = '') => textContent(body).replaceAll(/Request [\w-]+/g, '')
    assert.equal(told(page?.body), told(never?.body))
    const { csrf = '' } = hiddenFields((await browser.get('/')).body, '/sign-out')
    const form = { csrf, answer: 'deny' }
    assert.equal((await browser.post(path, form)).statusCode, 404)
  })

  test('of 240 × 2,030 Cyrillic letters is small, and the exact bytes can be downloaded', async () => {
    const { pages, fiona, task } = await begin(await open())
    const lines = Array.from({ length: 240 }, () => 'а'.repeat(2_030))
    const { id } = await askedFor(pages, task, { lines, note: 'а'.repeat(60_000) })
    const browser = await pages.browserOf(fiona)
    const { body, statusCode } = await browser.get(`/approvals/${id}`)
    assert.equal(statusCode, 200)
    assert.ok(body.length < 40_000, `${body.length} characters`)
    assert.match(body, /too long to be shown on a page/)
    assert.match(body, /value="approve">Approve once/)
    assert.match(body, /Only once: this call is too long/)
    const { call } = (await findRequest(pages.parts.decisions, id)) ?? assert.fail()
    assert.ok(body.includes(sha256hex(call)))
    const file = await browser.get(`/approvals/${id}/call`)
    assert.equal(file.body, call)
    assert.match(String(file.headers['content-disposition']), /^attachment; filename="req_/)
  })

  test('says what is unusual, by what was recorded, and nothing that other systems say', async () => {
    const { pages, fiona, path, task, request } = await begin(await open())
    await decided(pages, task, 1, {
      id: request.decisionId,
      risk: {
        ...{ score: 80, class: 'high', callsLastMinute: 0, hour: 3, hourUtc: 3 },
        points: {
          'class.high': 20,
          'first.action': 10,
          size: 15,
          'size.high': 25,
          'external.high': 50,
        },
        ...{ first: ['action'], sizeRatio: '12.5', external: [['leaked-key', 'high']] },
      },
    })
    const text = textContent((await (await pages.browserOf(fiona)).get(path)).body)
    assert.ok(
      text.includes(
        'Unusual: the first time that this agent calls this; ten times the usual size or more (12.5 times the median of 30 days).',
      ),
      text,
    )
    assert.doesNotMatch(text, /leaked-key|three times/)
  })

  test('shows an amount and a person as the catalog says, beside what is sent', async () => {
    const { pages, fiona, task } = await begin(await open())
    const { decisions } = pages.parts
    const catalog = { ...decisions, revalidate: async () => {} }
    const set = { action: 'orders.refund', by: 'operator' }
    await setDisplay(catalog, { ...set, path: '/amount', display: 'currency:EUR' })
    await setDisplay(catalog, { ...set, path: '/note', display: 'person' })
    const browser = await pages.browserOf(fiona)
    const shownFor = async (note: string, where = '') => {
      const { id } = await askedFor(pages, task, { amount: '1900.5', note })
      const headers = { 'accept-language': 'de-DE,en;q=0.5' }
      return textContent((await browser.get(`/approvals/${id}${where}`, headers)).body)
    }
    for (const where of ['', '/together']) {
      const known = await shownFor(fiona.id, where)
      assert.match(known, /1\.900,50\sEUR sent as 1900\.5/u, where)
      assert.match(known, /Name of fiona sent as psn_/, where)
    }
    assert.match(
      await shownFor('nobody@shop.example'),
      /no person whom Remit knows sent as nobody@/,
    )
    assert.match(await shownFor(`psn_${'x'.repeat(22)}`), /no person whom Remit knows sent as psn_/)
  })

  test('says times in the zone of the browser, once somebody has chosen one', async () => {
    const { pages, fiona, path } = await begin(await open())
    const browser = await pages.browserOf(fiona)
    const choose = (zone: string) => browser.submit('/time-zone', '/time-zone', { zone })
    assert.equal((await choose('Europe/Atlantis')).statusCode, 400)
    assert.match((await browser.get(path)).body, /No answer by 01:00 UTC means no/)
    assert.equal((await choose('Australia/Adelaide')).headers.location, '/time-zone')
    assert.match((await browser.get('/time-zone')).body, /<option selected>Australia\/Adelaide</)
    for (const page of ['/approvals', path]) {
      const { body } = await browser.get(page)
      assert.match(body, /<span class="clock">10:30 GMT\+10:30</, page)
      assert.doesNotMatch(body, /data-now|\d\d:\d\d UTC/, page)
    }
    assert.match((await browser.get(path)).body, /No answer by 11:30 GMT\+10:30 means no/)
    browser.setCookie('remit_zone', '..~..~etc~passwd')
    assert.match((await browser.get(path)).body, /No answer by 01:00 UTC means no/)
    assert.equal(
      (await browser.get(path, { 'accept-language': 'x'.repeat(4_000) })).statusCode,
      200,
    )
  })

  test('after its end says that nobody answered', async () => {
    const { pages, fiona, path } = await begin(await open())
    pages.clock.advance(61 * 60_000)
    const browser = await pages.browserOf(fiona)
    const page = await browser.get(path)
    assert.match(page.body, /No one answered in time/)
    assert.doesNotMatch(page.body, /<button class="primary"/)
  })

  test('shows hostile values so that they decode to the bytes that are sent', async () => {
    const { pages, fiona, task } = await begin(await open())
    const browser = await pages.browserOf(fiona)
    const note = NASTY.filter((text) => text.isWellFormed() && !text.includes('\0')).join(' | ')
    const request = await askedFor(pages, task, { amount: '1', note })
    const { body } = await browser.get(`/approvals/${request.id}`)
    const shown = /<details[^>]*>[\s\S]*?<pre class="json"[^>]*>([\s\S]*?)<\/pre>/.exec(body)?.[1]
    assert.deepEqual(JSON.parse(textContent(shown ?? '')), JSON.parse(request.call))
    assert.match(body, /look-alike or invisible characters/)
    assert.doesNotMatch(body, /<script|<img|onerror=(?!alert\(1\)&gt;)/)
  })

  test('lists what waits for an approver, and what others answer for me', async () => {
    const { pages, fiona, sam, path } = await begin(await open())
    assert.match((await (await pages.browserOf(fiona)).get('/approvals')).body, new RegExp(path))
    const own = (await (await pages.browserOf(sam)).get('/approvals')).body
    assert.match(own, /Nothing waits for your answer[\s\S]*Asked on your behalf/)
  })

  test('says who stands in for a manager whom nobody knows, and each later step once', async () => {
    const { fiona, pages, task } = await begin(await open())
    const step = { afterSeconds: 300, name: 'owner' }
    const request = await askedFor(
      pages,
      task,
      { amount: '908.00' },
      {
        approvers: [['manager'], ['group:finance']],
        fallbacks: [{ rule: 0, names: ['group:administrators'] }],
        escalations: [0, 1].map((rule) => ({ ...step, rule })),
      },
    )
    const browser = await pages.browserOf(fiona)
    const page = textContent((await browser.get(`/approvals/${request.id}`)).body)
    assert.match(page, /the manager or anyone in administrators, and anyone in finance/)
    assert.equal(page.match(/an owner of the API[^,]* from /g)?.length, 1, page)
  })

  test('lets whom every rule names approve alone in an emergency; an administrator reviews it', async () => {
    const { pages, sam, task } = await begin(await open())
    const request = await askedFor(
      pages,
      task,
      { amount: '905.00' },
      { breakGlass: [['group:support']] },
    )
    const path = `/approvals/${request.id}`
    const browser = await pages.browserOf(sam)
    const none = await browser.get(path)
    assert.match(none.body, /no other administrator who could review it/)
    const ada = await pages.person('ada', 'administrators')
    const offer = `${path}/break-glass`
    const { csrf = '' } = hiddenFields((await browser.get(path)).body, offer)
    const refused = await browser.post(offer, { csrf, emergency: 'too few' })
    assert.equal(refused.statusCode, 400)
    assert.match(refused.body, /say why it cannot wait/i)
    const emergency = 'payments are <b>down</b>, finance is asleep'
    const spelled = await browser.post(offer, { csrf, emergency })
    assert.equal(spelled.statusCode, 200, spelled.body)
    assert.match(textContent(spelled.body), /payments are <b>down<\/b>/)
    const hidden = hiddenFields(spelled.body, path)
    const fields = { ...hidden, emergency, answer: 'break_glass' }
    const other = await browser.post(path, { ...fields, emergency: `${emergency}!` })
    assert.equal(other.statusCode, 409)
    const swapped = await browser.post(path, { ...fields, shown: shownDigest(request) })
    assert.equal(swapped.statusCode, 409)
    assert.equal((await findRequest(pages.parts.decisions, request.id))?.state, 'pending')
    const done = await browser.post(path, fields)
    assert.equal(done.statusCode, 303, done.body)
    const page = String(done.headers.location)
    assert.match(page, /^\/break-glass\/bgl_/)
    assert.equal((await findRequest(pages.parts.decisions, request.id))?.state, 'approved')
    assert.match((await browser.get(path)).body, /Approved by one person alone/)
    const own = await browser.get(page)
    assert.doesNotMatch(own.body, /name="verdict"/)
    const review = { csrf, verdict: 'justified', note: 'they were down' }
    assert.equal((await browser.post(page, review)).statusCode, 403)
    const stranger = await pages.browserOf(await pages.person('finn', 'finance'))
    assert.equal((await stranger.get(page)).statusCode, 404)
    const reviewer = await pages.browserOf(ada)
    const list = await reviewer.get('/organization?list=break-glass')
    assert.match(textContent(list.body), /Name of sam[\s\S]*Review open/)
    assert.equal(
      (await reviewer.submit(page, page, { verdict: 'maybe', note: 'x' })).statusCode,
      400,
    )
    const said = { verdict: 'not_justified', note: 'finance was awake' }
    assert.equal((await reviewer.submit(page, page, said)).statusCode, 303)
    assert.match(
      textContent((await browser.get(page)).body),
      /Not justified[\s\S]*finance was awake/,
    )
  })

  test('offers nobody else to approve alone', async () => {
    const { pages, fiona, sam, task, request } = await begin(await open())
    await pages.person('ada', 'administrators')
    const offered = await askedFor(
      pages,
      task,
      { amount: '906.00' },
      { breakGlass: [['group:on-call']] },
    )
    for (const [person, { id }] of [
      [sam, request],
      [fiona, offered],
      [sam, offered],
    ] as const) {
      const browser = await pages.browserOf(person)
      const path = `/approvals/${id}`
      assert.doesNotMatch((await browser.get(path)).body, /break-glass/)
      const { csrf = '' } = hiddenFields((await browser.get('/')).body, '/sign-out')
      const emergency = 'payments are down'
      const spelled = await browser.post(`${path}/break-glass`, { csrf, emergency })
      assert.equal(spelled.statusCode, 403)
      const fields = { csrf, emergency, shown: shownDigest(offered), answer: 'break_glass' }
      assert.equal((await browser.post(path, fields)).statusCode, 403)
    }
  })
})
