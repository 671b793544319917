import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
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

  /** Canaille 0.3.6 compares `max_age=0` with the time of its own answer, so every proof is too old for it. */
  it('a fresh sign-in never ends: Canaille asks again each time, and nobody is taken for fresh', async () => {
    const { browser } = await signIn('sam')
    const page = await browser.get(`${w.issuer}/sign-in?again=yes&return_to=/`)
    const proved = await browser.submit(page, /^Sign in$/, { password: passwordOf('sam') })
    assert.equal(new URL(proved.url).origin, w.provider, proved.text)
    assert.match(proved.text, /requesting identity confirmation/)
  })
})

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
