import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeliveryError, notifyOnce } from '../../notifications/index.ts'
import { TestChannel } from '../../notifications/testing.ts'
import { forEachEngine } from '../../storage/testing.ts'
import { askedFor } from '../approval/testing.ts'
import { openedTask } from '../task/testing.ts'
import { refundBot, testPages } from '../testing.ts'
import { hiddenFields } from '../visiting/testing.ts'

forEachEngine('notifications of a person', (open) => {
  async function ready() {
    const mail = new TestChannel()
    const pages = await testPages(await open(), undefined, [mail])
    const sam = await pages.person('sam', 'support')
    const fiona = await pages.person('fiona', 'finance')
    await refundBot(pages, fiona)
    const request = await askedFor(pages, await openedTask(pages, sam))
    const { notifications } = pages.parts
    return { fiona, mail, notifications, pages, request, sam }
  }

  test('who may approve is told, and the page says to whom, and who has seen it', async () => {
    const { fiona, mail, notifications, pages, request } = await ready()
    await notifyOnce(notifications)
    const [first, ...more] = mail.sent
    assert.deepEqual([first?.to, more], [fiona.email, []])
    const [told] = first?.notification.announcements ?? []
    assert.equal(told?.sentence, request.text)
    assert.equal(told?.path, `/approvals/${request.id}`)
    const browser = await pages.browserOf(fiona)
    const { body } = await browser.get(`/approvals/${request.id}`)
    assert.match(body, /Who was told \(1\)/)
    assert.match(body, /E-mail: seen just now/)
  })

  test('an answer that came first is not asked for', async () => {
    const { fiona, mail, notifications, pages, request } = await ready()
    const browser = await pages.browserOf(fiona)
    const page = `/approvals/${request.id}`
    await browser.submit(page, page, { answer: 'deny' })
    await notifyOnce(notifications)
    assert.deepEqual(mail.sent, [])
  })

  test('once one rule is met, the page names what is still needed, and nobody else of it is told', async () => {
    const { fiona, mail, notifications, pages, sam } = await ready()
    const fred = await pages.person('fred', 'finance')
    const ada = await pages.person('ada', 'administrators')
    const ask = { approvers: [['group:finance'], ['group:administrators']] }
    const task = await openedTask(pages, sam)
    const { id } = await askedFor(pages, task, { amount: '901.00' }, ask)
    const page = `/approvals/${id}`
    const browser = await pages.browserOf(fiona)
    assert.doesNotMatch((await browser.get(page)).body, /Still needed/)
    await browser.submit(page, page, { answer: 'approve' })
    assert.match(
      (await browser.get(page)).body,
      /Still needed<\/dt><dd><bdi>anyone in administrators</,
    )
    await notifyOnce(notifications)
    const told = mail.sent.filter(({ notification }) =>
      notification.announcements.some(({ path }) => path === page),
    )
    assert.deepEqual(
      told.map(({ to }) => to),
      [ada.email],
      `${fred.email} is not needed any more`,
    )
  })

  test('a person turns a channel off and on again', async () => {
    const { fiona, mail, notifications, pages } = await ready()
    const browser = await pages.browserOf(fiona)
    const choose = (act: string) =>
      browser.submit('/notifications', `/notifications/email/${act}`, {})
    assert.equal((await choose('mute')).statusCode, 303)
    await notifyOnce(notifications)
    assert.deepEqual(mail.sent, [])
    assert.match((await browser.get('/notifications')).body, /Turn on/)
    await choose('unmute')
    assert.match((await browser.get('/notifications')).body, /Send a test message/)
  })

  test('a test message goes to the person who asks, once a minute, or the page says why not', async () => {
    const { fiona, mail, pages } = await ready()
    const browser = await pages.browserOf(fiona)
    const send = () => browser.submit('/notifications', '/notifications/email/test', {})
    mail.failure = new DeliveryError('550 <b>no</b> such mailbox', { lasting: true })
    const failed = await send()
    assert.equal(failed.statusCode, 409)
    assert.match(failed.body, /550 &lt;b&gt;no&lt;\/b&gt; such mailbox/)
    mail.failure = undefined
    assert.equal((await send()).statusCode, 429)
    pages.clock.advance(60_000)
    assert.match((await send()).body, /Sent/)
    assert.deepEqual(
      mail.sent.map(({ to }) => to),
      [fiona.email],
    )
  })

  test('there is no channel of another name', async () => {
    const { fiona, pages } = await ready()
    const browser = await pages.browserOf(fiona)
    const { statusCode } = await browser.submit('/', '/notifications/pigeon/mute', {
      ...hiddenFields((await browser.get('/notifications')).body, '/notifications/email/mute'),
    })
    assert.equal(statusCode, 404)
  })
})
