import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRequest } from '../../../approvals/access-requests/index.ts'
import { listAllowances } from '../../../approvals/approvals/index.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { allowed, askedFor } from '../approval/testing.ts'
import { textContent } from '../frame/testing.ts'
import { openedTask } from '../task/testing.ts'
import { refundBot, testPages } from '../testing.ts'
import { hiddenFields } from '../visiting/testing.ts'

/** Hidden fields as a browser sends them. */
function sentFields(body: string, action: string): Record<string, string> {
  const fields = Object.entries(hiddenFields(body, action))
  return Object.fromEntries(fields.map(([name, value]) => [name, value.replaceAll('&quot;', '"')]))
}

const FIVE = { scope: 'task', often: 'some', uses: '5', 'how-0': 'is', 'how-1': 'is' }

async function begin(storage: Storage) {
  const pages = await testPages(storage)
  const sam = await pages.person('sam', 'support')
  const fiona = await pages.person('fiona', 'finance')
  await refundBot(pages, sam)
  const task = await openedTask(pages, sam)
  const request = await askedFor(pages, task)
  const path = `/approvals/${request.id}`
  const browser = await pages.browserOf(fiona)
  const look = (fields: Record<string, string>) =>
    browser.submit(path, `${path}/allowance`, { ...FIVE, ...fields })
  const state = async () => {
    const found = await findRequest(pages.parts.decisions, request.id)
    return [found?.state, found?.usesLeft]
  }
  const given = async () => listAllowances(pages.parts.decisions, fiona)
  return { pages, sam, fiona, task, request, path, browser, look, state, given }
}

forEachEngine('answering for more than once', (open) => {
  test('spells out what would be granted, and grants nothing yet', async () => {
    const { look, state, given } = await begin(await open())
    const page = await look({ 'how-1': 'at_most', 'text-1': '1000.00' })
    assert.equal(page.statusCode, 200)
    const text = textContent(page.body)
    for (const part of [
      'Let refund-bot do this 5 times?',
      'order_idis exactly "1042"',
      'amountis at most 1000.00',
      'Any other argument asks again.',
      '5 times, this call included',
      'In this task only',
      'Until the task ends, at the latest 01:00 UTC',
      'You, Name of sam, or an administrator',
      'Approve 5 times',
    ])
      assert.ok(text.replaceAll(/\s+/g, ' ').includes(part), `${part}: ${text}`)
    assert.deepEqual(await state(), ['pending', 0])
    assert.deepEqual(await given(), [])
  })

  test('grants what was spelled out, when the button there is pressed', async () => {
    const { browser, look, path, request, state, given } = await begin(await open())
    const { body } = await look({ 'how-1': 'at_most', 'text-1': '1000.00', scope: 'agent-day' })
    const done = await browser.post(path, {
      ...sentFields(body, path),
      answer: 'approve',
      reason: '',
    })
    assert.equal(done.statusCode, 303, textContent(done.body))
    assert.deepEqual(await state(), ['approved', 0])
    const [listed] = await given()
    assert.equal(listed?.allowance.requestId, request.id)
    assert.deepEqual([listed?.allowance.uses, listed?.allowance.taskId], [5, null])
    const page = textContent((await browser.get(path)).body)
    assert.match(page, /Approved for more than once/)
    assert.match(page, /For more than this once: 5 times, orders.refund, where/)
  })

  test('never by the form of the request itself: its button approves once', async () => {
    const { browser, path, state, given } = await begin(await open())
    await browser.submit(path, path, { answer: 'approve', ...FIVE, often: 'needed' })
    assert.deepEqual(await state(), ['approved', 1])
    assert.deepEqual(await given(), [])
  })

  test('not when something else was spelled out', async () => {
    const { browser, look, path, state } = await begin(await open())
    const { body } = await look({})
    const hidden = sentFields(body, path)
    const wider = (hidden.allowance ?? '').replace('"uses":5', '"uses":50')
    for (const allowance of [wider, '{}', 'x'.repeat(1000), '[]']) {
      const answer = await browser.post(path, { ...hidden, allowance, answer: 'approve' })
      assert.ok([400, 409].includes(answer.statusCode), allowance)
    }
    const once = await browser.post(path, {
      csrf: hidden.csrf ?? '',
      shown: hidden.shown ?? '',
      answer: 'approve',
    })
    assert.equal(once.statusCode, 409, 'the digest of more is not that of once')
    assert.deepEqual(await state(), ['pending', 0])
  })

  test('says on the same page what cannot be chosen, and keeps what was', async () => {
    const { look, state } = await begin(await open())
    const refused: [Record<string, string>, RegExp][] = [
      [{ uses: '1' }, /2 to 50 times/],
      [{ uses: '' }, /2 to 50 times/],
      [{ uses: '51' }, /2 to 50 times/],
      [{ scope: 'for-ever' }, /the scope or the lifetime is missing/i],
      [{ 'how-1': 'at_most', 'text-1': '1.00' }, /not less than 900.00/],
      [{ 'how-0': 'starts', 'text-0': '' }, /a beginning of 1042/],
      [{ 'how-0': 'at_most', 'text-0': '1' }, /this bound is not possible/i],
    ]
    for (const [fields, words] of refused) {
      const page = await look(fields)
      assert.equal(page.statusCode, 400)
      assert.match(textContent(page.body), words)
      assert.match(page.body, /<details open>/)
    }
    const nasty = '"><script>alert(1)</script>'
    const page = await look({ uses: '77', 'text-1': nasty })
    assert.match(page.body, /value="77"/)
    assert.ok(!page.body.includes('<script>'))
    assert.deepEqual(await state(), ['pending', 0])
  })

  test('is not offered for a critical call, nor to whom it is not asked', async () => {
    const { pages, path, sam } = await begin(await open())
    const own = await pages.browserOf(sam)
    const page = await own.get(path)
    assert.doesNotMatch(page.body, /Answer more than this once/)
    const csrf = hiddenFields(page.body, '/sign-out').csrf ?? ''
    const answer = await own.post(`${path}/allowance`, { csrf, ...FIVE })
    assert.equal(answer.statusCode, 409)
    assert.doesNotMatch(answer.body, /name="allowance"/)
  })

  test('is listed with what it is and ended with one click, by those it concerns', async () => {
    const { pages, browser, fiona, sam, task, given } = await begin(await open())
    const id = await allowed(pages, task, fiona)
    for (const each of [browser, await pages.browserOf(sam)]) {
      const text = textContent((await each.get('/approvals')).body).replaceAll(/\s+/g, ' ')
      for (const part of [
        'Allowances',
        'orders.refund, where order_id is exactly "1042" and amount is at most 1000.00',
        '5 of 5 left',
        'refund-bot for Name of sam',
        'not used yet',
        'given by Name of fiona',
      ])
        assert.ok(text.includes(part), `${part}: ${text}`)
    }
    const nils = await pages.browserOf(await pages.person('nils', 'finance'))
    const strange = await nils.get('/approvals')
    assert.doesNotMatch(strange.body, /Allowances/)
    const csrf = hiddenFields(strange.body, '/sign-out').csrf ?? ''
    assert.equal((await nils.post(`/allowances/${id}/end`, { csrf })).statusCode, 404)
    assert.equal((await given()).length, 1)
    const own = await pages.browserOf(sam)
    const ended = await own.submit('/approvals', `/allowances/${id}/end`, {})
    assert.equal(ended.statusCode, 303)
    assert.deepEqual(await given(), [])
  })
})
