import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '../../until.ts'
import { World } from '../../world.ts'
import { assertNotSignedIn, type ClickThrough, registerAgain, signInWith } from '../sign-in.ts'
import { CLIENT_FOR_OTHERS, CLIENT_SECRET, passwordOf } from './content.ts'
import { startCanaille } from './start.ts'

describe('with Canaille as the identity provider', () => {
  let w: World
  before(async () => {
    w = await World.start('sqlite', { provider: startCanaille })
  })
  after(() => w?.stop())

  const signIn = (name: string, password = passwordOf(name)) => signInWith(w, allow, name, password)

  it('people sign in with a browser, and their groups at Canaille are their groups here', async () => {
    const refused = await signIn('sam', passwordOf('ada'))
    assert.equal(new URL(refused.page.url).origin, w.provider)
    const { page } = await signIn('sam')
    assert.equal(page.status, 200, page.text)
    assert.equal(page.url, `${w.issuer}/`)
    const sam = await w.person('sam')
    assert.deepEqual([sam.name, sam.email], ['Sam Support', 'sam@example.com'])
    assert.deepEqual(sam.groups, ['support'])
  })

  /**
   * Canaille 0.3.6 counts `max_age` until its own answer, so `max_age=0` is never met there. Remit asks for what it accepts, 30 seconds.
   * It gives out equal tokens within one second, and refuses the second one.
   */
  it('whoever has to prove anew who they are is asked for the password again, once', async () => {
    await nextSecond()
    const { browser } = await signIn('sam')
    await nextSecond()
    const page = await browser.get(`${w.issuer}/sign-in?again=yes&return_to=/tasks`)
    assert.equal(new URL(page.url).origin, w.provider, page.text)
    const proved = await browser.submit(page, /^Sign in$/, { password: passwordOf('sam') })
    assert.deepEqual([proved.status, proved.url], [200, `${w.issuer}/tasks`], proved.text)
  })

  it('a person says no at Canaille and is told so here', async () => {
    const { browser, page } = await signInWith(w, deny, 'nils', passwordOf('nils'))
    assert.equal(new URL(page.url).origin, w.issuer)
    assert.equal(page.status, 403)
    assert.match(page.text, /The identity provider answered access_denied/)
    assert.equal(browser.cookie(`${w.issuer}/`, 'remit_session'), undefined)
  })

  it('a secret that is not the one at Canaille lets nobody in, and the page says so', async () => {
    await registerAgain(w, 'another')
    const { browser, page } = await signIn('fiona')
    await assertNotSignedIn(w, browser, page)
    assert.match(page.text, /does not know this client, or not by this secret/)
    await registerAgain(w, CLIENT_SECRET)
  })

  it('an ID token whose audience is another client lets nobody in, and the page says so', async () => {
    await registerAgain(w, CLIENT_SECRET, { clientId: CLIENT_FOR_OTHERS })
    const { browser, page } = await signIn('fiona')
    await assertNotSignedIn(w, browser, page)
    assert.match(page.text, /`aud` in its ID token is `remit`, and `remit-for-others` was expected/)
    await registerAgain(w, CLIENT_SECRET)
  })
})

async function nextSecond(): Promise<void> {
  const second = () => Math.floor(Date.now() / 1000)
  const now = second()
  await until(async () => (second() > now ? true : undefined))
}

/** Canaille asks for the name, and on the next page for the password. */
const prove: ClickThrough = async (browser, page, login, password) => {
  const named = await browser.submit(page, /^Next$|^Continue$|^Sign in$/, { login })
  return browser.submit(named, /^Sign in$/, { password })
}

/** The first time it then asks whether Remit may know who somebody is. */
const allow: ClickThrough = async (browser, page, login, password) => {
  const known = await prove(browser, page, login, password)
  return known.text.includes('is requesting access') ? browser.submit(known, /^Accept$/) : known
}

const deny: ClickThrough = async (browser, page, login, password) =>
  browser.submit(await prove(browser, page, login, password), /^Deny$/)
