import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRequest } from '../../../approvals/access-requests/index.ts'
import { findAuthorization } from '../../../grants/code-grant/index.ts'
import { askConfirmation, readConfirmation } from '../../../identity/sessions/index.ts'
import { MINUTE } from '../../../platform/lib/time-units.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { findConsent } from '../../../tasks/consent/index.ts'
import { askedFor } from '../approval/testing.ts'
import { authorizationBegun } from '../authorize/testing.ts'
import { consentAsked } from '../consent/testing.ts'
import { openedTask } from '../task/testing.ts'
import { refundBot, testPages } from '../testing.ts'
import { hiddenFields, type TestBrowser } from '../visiting/testing.ts'

const WANTED = { acrValues: ['mfa'], maxAgeSeconds: 300 }

async function begin(storage: Storage) {
  const pages = await testPages(storage, WANTED)
  const sam = await pages.person('sam', 'support')
  const ada = await pages.person('ada', 'administrators')
  const finn = await pages.person('finn', 'finance')
  await refundBot(pages, ada)
  return { pages, sam, ada, finn, read: pages.parts.decisions.storage.read }
}

/** Follows the link of the page; the provider then says that this person proved it in the way that was asked for. */
async function signInAgain(browser: TestBrowser, page: string, person: { id: string }) {
  const { body } = await browser.get(page)
  const link = /href="(\/sign-in\?again=yes[^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&')
  assert.ok(link, 'a link to sign in again')
  assert.equal(new URLSearchParams(link.split('?')[1]).get('return_to'), page)
  const away = await browser.get(link)
  assert.equal(away.statusCode, 303)
  const back = await browser.get(`/sign-in/callback?code=${person.id}`)
  assert.equal(back.headers.location, page, 'back to exactly what it was about')
}

/**
 * Asserts that without a fresh sign-in a yes is neither offered nor taken; with one it is, until
 * that is too old; a no always is.
 */
async function wantsFreshSignIn(
  { pages }: Awaited<ReturnType<typeof begin>>,
  about: {
    readonly browser: TestBrowser
    readonly person: { id: string }
    readonly page: string
    readonly yes: Record<string, string>
    readonly button: RegExp
    readonly state: () => Promise<string | undefined>
  },
) {
  const { browser, button, page, person, state, yes } = about
  const say = async () =>
    browser.post(page, { ...hiddenFields((await browser.get(page)).body, page), ...yes })
  const refuses = async () => {
    const { body } = await browser.get(page)
    assert.match(body, /Sign in again before you say yes/)
    assert.doesNotMatch(body, button)
    const refused = await say()
    assert.equal(refused.statusCode, 403, refused.body)
    assert.match(refused.body, /Sign in again before you say yes/)
    assert.equal(await state(), 'pending')
  }
  await refuses()
  await signInAgain(browser, page, person)
  assert.match((await browser.get(page)).body, button)
  pages.clock.advance(5 * MINUTE + 1000)
  await refuses()
  await signInAgain(browser, page, person)
  const done = await say()
  assert.ok(done.statusCode < 400, done.body)
  assert.notEqual(await state(), 'pending')
}

forEachEngine('a yes that wants a fresh sign-in', (open) => {
  test('an approval of a call of high risk', async () => {
    const around = await begin(await open())
    const { finn, pages, sam } = around
    const task = await openedTask(pages, sam)
    const { id } = await askedFor(pages, task, undefined, { risk: 'high' })
    await wantsFreshSignIn(around, {
      browser: await pages.browserOf(finn),
      person: finn,
      page: `/approvals/${id}`,
      yes: { answer: 'approve' },
      button: /value="approve"/,
      state: async () => (await findRequest(pages.parts.decisions, id))?.state,
    })
  })

  test('a consent, an act of an administrator, a client that is let in', async () => {
    const around = await begin(await open())
    const { ada, pages, read, sam } = around
    const consent = await consentAsked(pages, sam)
    const browser = await pages.browserOf(sam)
    await wantsFreshSignIn(around, {
      ...{ browser, person: sam, page: `/consent/${consent}`, button: /value="grant"/ },
      yes: { answer: 'grant', 'detail-0': 'yes', lifetime: 'hour' },
      state: async () => (await findConsent(read, consent))?.state,
    })
    assert.equal((await findConsent(read, consent))?.acr, 'mfa')
    const asked = {
      personId: ada.id,
      operation: 'policies.publish',
      payloadOf: () => ({ text: 'x' }),
    }
    const { id } = await askConfirmation(pages.parts.people, asked)
    await wantsFreshSignIn(around, {
      ...{ browser: await pages.browserOf(ada), person: ada, page: `/confirm/${id}` },
      ...{ yes: { answer: 'confirmed' }, button: /value="confirmed"/ },
      state: async () => (await readConfirmation(pages.parts.people, id, ada.id)).state,
    })
    pages.clock.advance(6 * MINUTE)
    const begun = await authorizationBegun(pages, browser)
    await wantsFreshSignIn(around, {
      ...{ browser, person: sam, page: `/authorize/${begun}`, button: /value="grant"/ },
      yes: { answer: 'grant', 'detail-0': 'yes', life: 'hour' },
      state: async () => (await findAuthorization(read, begun))?.state,
    })
    const { acr, authTime } = (await findAuthorization(read, begun)) ?? {}
    assert.deepEqual([acr, authTime], ['mfa', pages.clock.now()])
  })

  test('not a no, and not an approval of little risk', async () => {
    const { finn, pages, sam } = await begin(await open())
    const task = await openedTask(pages, sam)
    const browser = await pages.browserOf(finn)
    for (const [risk, answer, state] of [
      ['critical', 'deny', 'denied'],
      ['medium', 'approve', 'approved'],
    ] as const) {
      const { id } = await askedFor(pages, task, { amount: risk }, { risk })
      const page = `/approvals/${id}`
      assert.equal((await browser.submit(page, page, { answer })).statusCode, 303)
      assert.equal((await findRequest(pages.parts.decisions, id))?.state, state)
    }
  })

  test('who signed in again, and too weakly, is told that the same again is in vain', async () => {
    const { finn, pages, sam } = await begin(await open())
    const task = await openedTask(pages, sam)
    const { id } = await askedFor(pages, task, undefined, { risk: 'high' })
    const browser = await pages.browserOf(finn)
    const page = `/approvals/${id}`
    const vain =
      /You have just signed in, and your identity provider does not say how\. The same again changes nothing/
    pages.clock.advance(2 * MINUTE)
    assert.doesNotMatch((await browser.get(page)).body, vain, 'not before it was tried')
    await browser.get(`/sign-in?again=yes&acr_values=mfa&return_to=${encodeURIComponent(page)}`)
    await browser.get(`/sign-in/callback?code=${finn.id}&weak`)
    assert.match((await browser.get(page)).body, vain)
    pages.clock.advance(2 * MINUTE)
    assert.doesNotMatch((await browser.get(page)).body, vain)
  })

  test('signing in again is for whoever is signed in, at their own provider', async () => {
    const { pages } = await begin(await open())
    const nobody = await pages.browser().get('/sign-in?again=yes&return_to=%2Ftasks')
    assert.equal(nobody.headers.location, '/sign-in?return_to=%2Ftasks')
  })
})
