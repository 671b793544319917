import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setOwner } from '../../../identity/agents/change-limits.ts'
import { HOUR } from '../../../platform/lib/time-units.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { findSponsorGrant } from '../../../tasks/sponsorship/index.ts'
import { findTask } from '../../../tasks/tasks/index.ts'
import { textContent } from '../frame/testing.ts'
import { detail, refundBot, testPages } from '../testing.ts'
import { hiddenFields, type TestBrowser } from '../visiting/testing.ts'
import { openedTask, sponsoredBy } from './testing.ts'

async function begin(storage: Storage) {
  const pages = await testPages(storage)
  const olga = await pages.person('olga')
  const ada = await pages.person('ada', 'administrators')
  const nils = await pages.person('nils')
  await refundBot(pages, olga)
  const ended = async (id: string) => (await findSponsorGrant(storage.read, id))?.endedAt !== null
  return { pages, olga, ada, nils, ended }
}

/** The part of the home page about work that nobody has to be there for. */
async function sectionOf(browser: TestBrowser): Promise<string> {
  const { body } = await browser.get('/')
  const [section = ''] = /<section aria-labelledby="sponsored">[\s\S]*?<\/section>/.exec(body) ?? []
  return section
}

const textOf = async (browser: TestBrowser) =>
  textContent(await sectionOf(browser)).replaceAll(/\s+/g, ' ')

forEachEngine('sponsor grants on the home page', (open) => {
  test('say what they permit, when, how often they were used, and when next', async () => {
    const { pages, olga } = await begin(await open())
    const browser = await pages.browserOf(olga)
    assert.match(await textOf(browser), /No agent works by itself for you/)
    const grant = await sponsoredBy(pages, olga, {
      details: [detail('orders.refund', { path: '/amount', op: 'lte', value: '50.00' })],
      mayDelegate: [],
      schedule: { days: ['sat', 'sun'], from: '22:00', to: '06:00', zone: 'Europe/Berlin' },
      rate: { tasks: 1, seconds: 3600 },
      budget: [{ name: 'calls', kind: 'calls', most: '20' }],
    })
    const before = await textOf(browser)
    for (const part of [
      'In forcerefund-bot',
      '“count <b>nightly</b>”',
      'Refund orders at',
      'only where amount is at most 50.00',
      'Opens taskssat, sun 22:00–06:00 Europe/Berlin, at most 1 in 1 hour',
      'Budget of each20 calls',
      'Hands onNothing',
      'So farNo task yet',
      'NextNot before',
      'Ends by itself',
      'Given byYou',
    ])
      assert.ok(before.includes(part), `${part}: ${before}`)
    await openedTask(pages, olga, {
      openedBy: 'sponsor',
      sponsored: true,
      sponsorGrantId: grant.id,
    })
    assert.match(await textOf(browser), /So far1 task, the last just now/)
  })

  test('that may be used now say so, and those that open nothing say why', async () => {
    const { pages, olga, ada, nils } = await begin(await open())
    await sponsoredBy(pages, olga)
    const browser = await pages.browserOf(olga)
    assert.match(await textOf(browser), /NextAt any moment/)
    await setOwner(
      { ...pages.parts.people, ...pages.parts.decisions },
      { agentId: 'refund-bot', ownerId: nils.id, by: ada.id },
    )
    assert.match(
      await textOf(browser),
      /Stopped.*It opens nothing: you no longer answer for refund-bot.*No more/,
    )
    pages.clock.advance(30 * 24 * HOUR)
    const later = await pages.browserOf(olga)
    assert.match(await textOf(later), /No agent works by itself for you/, 'it is over')
  })

  test('are ended there, with all tasks under them, by the sponsor', async () => {
    const { pages, olga, ended } = await begin(await open())
    const grant = await sponsoredBy(pages, olga)
    const task = await openedTask(pages, olga, {
      openedBy: 'sponsor',
      sponsored: true,
      sponsorGrantId: grant.id,
    })
    const browser = await pages.browserOf(olga)
    const done = await browser.submit('/', `/sponsor-grants/${grant.id}/end`, {})
    assert.deepEqual([done.statusCode, done.headers.location], [303, '/#sponsored'])
    assert.ok(await ended(grant.id))
    const closed = await findTask(pages.parts.decisions.storage.read, task.id)
    assert.deepEqual([closed?.state, closed?.closeReason], ['closed', 'sponsor_grant.ended'])
    assert.match(await textOf(browser), /No agent works by itself for you/)
    const page = await browser.get(`/tasks/${task.id}`)
    assert.match(page.body, /its sponsor grant was ended/)
  })

  test('of an administrator are there for the owner of the agent, who may end them', async () => {
    const { pages, olga, ada, ended } = await begin(await open())
    const grant = await sponsoredBy(pages, ada)
    const browser = await pages.browserOf(olga)
    assert.match(await textOf(browser), /Given byName of ada/)
    await browser.submit('/', `/sponsor-grants/${grant.id}/end`, {})
    assert.ok(await ended(grant.id))
  })

  test('of others are neither seen nor ended; an administrator ends them without having them on the page', async () => {
    const { pages, olga, ada, nils, ended } = await begin(await open())
    const grant = await sponsoredBy(pages, olga)
    const path = `/sponsor-grants/${grant.id}/end`
    const stranger = await pages.browserOf(nils)
    assert.ok(!(await sectionOf(stranger)).includes(grant.id))
    const { csrf = '' } = hiddenFields((await stranger.get('/')).body, '/sign-out')
    const answer = await stranger.post(path, { csrf })
    assert.equal(answer.statusCode, 404)
    const none = await stranger.post('/sponsor-grants/spg_nothing/end', { csrf })
    const but = (body: string) => body.replace(/Request <code>[^<]*/, '')
    assert.equal(but(answer.body), but(none.body), 'as if there were none')
    assert.equal(await ended(grant.id), false)
    const admin = await pages.browserOf(ada)
    assert.ok(!(await sectionOf(admin)).includes(grant.id))
    const form = hiddenFields((await admin.get('/')).body, '/sign-out')
    assert.equal((await admin.post(path, { csrf: form.csrf ?? '' })).statusCode, 303)
    assert.ok(await ended(grant.id))
  })
})
