import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRequest } from '../../access-requests/index.ts'
import { listAnswers } from '../../approvals/index.ts'
import { sha256hex } from '../../lib/bytes.ts'
import type { Storage } from '../../storage/index.ts'
import { forEachEngine } from '../../storage/testing.ts'
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
      'with nobody present, under a sponsor grant',
      '30 minutes at most, from your answer on',
      'key-of-the-task',
      'Nobody works at night unseen.',
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

  test('takes a denial with its reason', async () => {
    const { pages, fiona, path, standing } = await begin(await open())
    const browser = await pages.browserOf(fiona)
    await browser.submit(path, path, { answer: 'deny', reason: 'ask <first>' })
    assert.equal(await standing(), 'denied')
    assert.match((await browser.get(path)).body, /ask &lt;first&gt;/)
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

  test('after its end says that nobody answered', async () => {
    const { pages, fiona, path } = await begin(await open())
    pages.clock.advance(61 * 60_000)
    const browser = await pages.browserOf(fiona)
    const page = await browser.get(path)
    assert.match(page.body, /Nobody answered in time/)
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
})
