import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Browser } from '../../../examples/refund-desk/browser.ts'
import { World } from '../../world.ts'
import { assertNotSignedIn, type ClickThrough, registerAgain, signInWith } from '../sign-in.ts'
import { CLIENT_SECRET, passwordOf, startNanoidp } from './start.ts'

const click: ClickThrough = (browser, page, username, password) =>
  browser.submit(page, /^Authorize$/, { username, password })

describe('with nanoidp as the identity provider', () => {
  let w: World
  before(async () => {
    w = await World.start('sqlite', { provider: startNanoidp })
  })
  after(() => w?.stop())

  const signIn = (name: string, password = passwordOf(name)) => signInWith(w, click, name, password)

  it('people sign in with a browser, and their groups at nanoidp are their groups here', async () => {
    const refused = await signIn('sam', passwordOf('ada'))
    assert.equal(new URL(refused.page.url).origin, w.provider)
    const { page } = await signIn('sam')
    assert.equal(page.status, 200, page.text)
    assert.equal(page.url, `${w.issuer}/`)
    const sam = await w.person('sam')
    assert.deepEqual([sam.name, sam.email], ['sam', 'sam@example.com'], 'nanoidp knows no names')
    assert.deepEqual(sam.groups, ['support'])
  })

  it('a secret that is not the one at nanoidp lets nobody in, and the page says so', async () => {
    await registerAgain(w, 'another')
    const { browser, page } = await signIn('fiona')
    await assertNotSignedIn(w, browser, page)
    assert.match(page.text, /does not know this client, or not by this secret/)
    await registerAgain(w, CLIENT_SECRET)
  })

  it('a client that nanoidp does not have lets nobody in', async () => {
    await registerAgain(w, CLIENT_SECRET, { clientId: 'another' })
    const page = await new Browser().get(`${w.issuer}/`)
    assert.equal(new URL(page.url).origin, w.provider)
    assert.doesNotMatch(page.html, /type="password"/)
    await registerAgain(w, CLIENT_SECRET)
  })

  it('a claim inside another one is an attribute here, by a mapping', async () => {
    await registerAgain(w, CLIENT_SECRET, { attributes: { department: '/attributes/department' } })
    await signIn('sam')
    assert.deepEqual((await w.person('sam')).attributes, { department: 'Support' })
    await registerAgain(w, CLIENT_SECRET)
  })

  it('a fresh sign-in asks for the password again, and comes back', async () => {
    const { browser } = await signIn('sam')
    const page = await browser.get(`${w.issuer}/sign-in?again=yes&return_to=/tasks`)
    assert.equal(new URL(page.url).origin, w.provider)
    const back = await click(browser, page, 'sam', passwordOf('sam'))
    assert.deepEqual([back.status, back.url], [200, `${w.issuer}/tasks`])
  })
})
