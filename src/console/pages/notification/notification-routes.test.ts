import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expireRequests } from '../../../approvals/access-requests/index.ts'
import { notifyOnce, setQuietHours } from '../../../identity/notifications/index.ts'
import { TestChannel, TestKind } from '../../../identity/notifications/testing.ts'
import { onCallOf, setOnCall } from '../../../identity/people/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { DeliveryError } from '../../../platform/webhooks/index.ts'
import { askedFor } from '../approval/testing.ts'
import { openedTask } from '../task/testing.ts'
import { refundBot, testPages } from '../testing.ts'
import { hiddenFields } from '../visiting/testing.ts'

forEachEngine('notifications of a person', (open) => {
  async function ready() {
    const mail = new TestChannel()
    const pager = new TestKind()
    const pages = await testPages(await open(), undefined, [mail], [pager])
    const sam = await pages.person('sam', 'support')
    const fiona = await pages.person('fiona', 'finance')
    await refundBot(pages, fiona)
    const request = await askedFor(pages, await openedTask(pages, sam))
    const { notifications } = pages.parts
    return { fiona, mail, notifications, pager, pages, request, sam }
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

  test('who is on call is told first, the next later, all once more at half the time, and at the end', async () => {
    const { fiona, mail, notifications, pages, request, sam } = await ready()
    const { read } = notifications.storage
    const fred = await pages.person('fred', 'finance')
    const { people } = pages.parts
    const set = { group: 'finance', people: [fred.id], by: 'operator' }
    await setOnCall(people, set)
    assert.deepEqual(await onCallOf(read, 'finance'), [fred.id])
    const told = async (ms: number) => {
      pages.clock.advance(ms)
      mail.sent.length = 0
      await notifyOnce(notifications)
      return mail.sent
        .map(({ to, notification }) => [to, notification.announcements[0]?.title])
        .toSorted()
    }
    const title = 'Call of high risk: waits for approval'
    assert.deepEqual(await told(0), [[fred.email, title]])
    assert.deepEqual(await told(4 * 60_000), [])
    assert.deepEqual(await told(60_000), [[fiona.email, title]])
    const again = `Still waiting. ${title}`
    assert.deepEqual(await told(25 * 60_000), [
      [fiona.email, again],
      [fred.email, again],
    ])
    pages.clock.advance(30 * 60_000)
    await expireRequests(pages.parts.decisions)
    const end = 'Call of high risk: no one answered in time, so it was denied'
    assert.deepEqual(await told(0), [fiona, fred, sam].map(({ email }) => [email, end]).toSorted())
    assert.equal(request.state, 'pending')
  })

  test('nobody is told again of what was answered', async () => {
    const { fiona, mail, notifications, pages, request } = await ready()
    await notifyOnce(notifications)
    const page = `/approvals/${request.id}`
    const browser = await pages.browserOf(fiona)
    await browser.submit(page, page, { answer: 'deny' })
    pages.clock.advance(3_600_000)
    await expireRequests(pages.parts.decisions)
    await notifyOnce(notifications)
    assert.equal(mail.sent.length, 1)
  })

  test('in quiet hours a person is told later, if others are told or it can wait', async () => {
    const { fiona, mail, notifications, pages } = await ready()
    const fred = await pages.person('fred', 'finance')
    const minute = (shift: number) =>
      new Date(pages.clock.now() + shift * 60_000).toISOString().slice(11, 16)
    const browser = await pages.browserOf(fiona)
    const set = (fields: Record<string, string>) =>
      browser.submit('/notifications', '/notifications/quiet', fields)
    const hours = { from: minute(-60), to: minute(20), zone: 'Etc/UTC' }
    for (const wrong of [{ from: '25:00' }, { to: hours.from }, { zone: 'Mars/Phobos' }]) {
      const { body, statusCode } = await set({ ...hours, ...wrong })
      assert.equal(statusCode, 400)
      assert.match(body, /That did not work/)
    }
    assert.equal((await set(hours)).statusCode, 303)
    assert.match((await browser.get('/notifications')).body, /You are told of nothing from/)
    await notifyOnce(notifications)
    const told = () => mail.sent.map(({ to }) => to)
    assert.deepEqual(told(), [fred.email])
    pages.clock.advance(20 * 60_000)
    await notifyOnce(notifications)
    assert.deepEqual(told(), [fred.email, fiona.email])
    await browser.submit('/notifications', '/notifications/loud', {})
    assert.match((await browser.get('/notifications')).body, /You have none/)
  })

  test('quiet hours keep a question from nobody who alone could answer it in time', async () => {
    const { fiona, mail, notifications, pages } = await ready()
    const time = (hours: number) =>
      new Date(pages.clock.now() + hours * 3_600_000).toISOString().slice(11, 16)
    await setQuietHours(notifications, fiona, { from: time(-1), to: time(2), timeZone: 'UTC' })
    await notifyOnce(notifications)
    assert.deepEqual(
      mail.sent.map(({ to }) => to),
      [fiona.email],
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

  test('M8: the page says that a code went to a channel only where one did', async () => {
    const { fiona, pages } = await ready()
    const browser = await pages.browserOf(fiona)
    const at = '/notifications'
    const went = async () =>
      (await browser.get(at)).body.match(/A code went to this channel|No code went/g)
    await browser.submit(at, `${at}/own/add`, { kind: 'pager', address: '012345' })
    assert.deepEqual(await went(), ['A code went to this channel'])
    await browser.submit(at, `${at}/own/add`, { kind: 'pager', address: '543210' })
    assert.deepEqual(await went(), ['A code went to this channel', 'No code went'])
  })

  test('a person adds a channel, types the code that arrives there, and is told by it', async () => {
    const { fiona, notifications, pager, pages, request } = await ready()
    const browser = await pages.browserOf(fiona)
    const at = '/notifications'
    const wrong = await browser.submit(at, `${at}/own/add`, { kind: 'pager', address: '<b>' })
    assert.equal(wrong.statusCode, 400)
    assert.match(wrong.body, /this is no number/)
    const added = await browser.submit(at, `${at}/own/add`, { kind: 'pager', address: '012345' })
    assert.match(added.body, /Secret of this webhook.*secret of 012345/)
    assert.doesNotMatch((await browser.get(at)).body, /secret of|012345/, 'shown once')
    const name = /action="\/notifications\/(pager:chn_[^/"]+)\/confirm"/.exec(added.body)?.[1]
    const confirm = `${at}/${name}/confirm`
    const { code } = pager
    const bad = await browser.submit(at, confirm, { code: code === '1' ? '2' : '1' })
    assert.equal(bad.statusCode, 400)
    const ada = await pages.browserOf(await pages.person('ada', 'finance'))
    const strange = { ...hiddenFields((await ada.get(at)).body, `${at}/email/mute`), code }
    assert.equal((await ada.post(confirm, strange)).statusCode, 404, 'of somebody else')
    assert.match((await browser.submit(at, confirm, { code })).body, /Confirmed/)
    await notifyOnce(notifications)
    assert.equal(pager.sent.at(-1)?.notification.announcements[0]?.sentence, request.text)
    const page = await browser.get(`/approvals/${request.id}`)
    assert.match(page.body, /Pager: seen just now/)
    for (const act of ['fallback', 'up', 'mute', 'unmute', 'remove'])
      assert.equal((await browser.submit(at, `${at}/${name}/${act}`, {})).statusCode, 303, act)
    assert.doesNotMatch((await browser.get(at)).body, /Pager <span/)
  })

  test('a channel whose code cannot be sent says so, and still shows its secret', async () => {
    const { fiona, pager, pages } = await ready()
    const browser = await pages.browserOf(fiona)
    pager.failure = new DeliveryError('no such number', { lasting: true })
    const at = '/notifications'
    const { body } = await browser.submit(at, `${at}/own/add`, { kind: 'pager', address: '1' })
    assert.match(body, /no such number[\s\S]*secret of 1/)
    const other = await browser.submit(at, `${at}/own/add`, { kind: 'email', address: '1' })
    assert.equal(other.statusCode, 404, 'no kind that is added')
  })

  test('administrators add channels of groups, and nobody else sees or changes them', async () => {
    const { fiona, notifications, pager, pages } = await ready()
    const ada = await pages.person('ada', 'administrators')
    const [hers, other] = [await pages.browserOf(ada), await pages.browserOf(fiona)]
    const at = '/group-channels'
    assert.equal((await other.get(at)).statusCode, 403)
    const fields = { kind: 'pager', address: '77' }
    const none = await hers.submit(at, `${at}/own/add`, { ...fields, group: 'nowhere' })
    assert.equal(none.statusCode, 404)
    const { body } = await hers.submit(at, `${at}/own/add`, { ...fields, group: 'finance' })
    const name = /action="\/group-channels\/([^/"]+)\/confirm"/.exec(body)?.[1]
    const { code } = pager
    const csrf = hiddenFields((await other.get('/notifications')).body, '/notifications/email/mute')
    for (const act of [
      'own/add',
      `${name}/confirm`,
      `${name}/code`,
      `${name}/test`,
      `${name}/remove`,
    ])
      assert.equal((await other.post(`${at}/${act}`, { ...csrf, ...fields, code })).statusCode, 403)
    for (const act of ['confirm', 'mute', 'remove'])
      assert.equal(
        (await other.post(`/notifications/${name}/${act}`, { ...csrf, code })).statusCode,
        404,
        'not by the address of her own',
      )
    assert.match((await hers.submit(at, `${at}/${name}/confirm`, { code })).body, /Confirmed/)
    await notifyOnce(notifications)
    assert.equal(pager.sent.length, 2)
    assert.match((await hers.get('/notifications')).body, /Configured: E-mail, Pager/)
  })
})
