import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Browser, type Page } from '../../examples/refund-desk/browser.ts'
import { createSetupLink, hasAdministrator } from '../../src/identity/sessions/index.ts'
import { inEachWorld, type World } from '../world.ts'

/** Presses the button, is led to the provider, and chooses there who to be. */
async function signInThrough(browser: Browser, link: string, who: RegExp): Promise<Page> {
  return browser.submit(await browser.submit(await browser.get(link), /^Sign in with/), who)
}

async function linkOf(w: World): Promise<string> {
  const { token } = await createSetupLink(w.rooms.people)
  return `${w.issuer}/setup/${token.reveal()}`
}

inEachWorld(
  'the first administrator',
  (world) => {
    it('comes in through the setup link, once; looking at it changes nothing', async () => {
      const w = world()
      const replaced = await linkOf(w)
      // Time never goes back, so the one that has expired is made first.
      const early = { ...w.clock, now: () => w.clock.now() - 3_600_001 }
      const { token: expired } = await createSetupLink({ ...w.rooms.people, clock: early })
      const old = `${w.issuer}/setup/${expired.reveal()}`
      assert.equal((await new Browser().get(old)).status, 410, 'it expires')
      const link = await linkOf(w)
      const preview = new Browser()
      assert.equal((await preview.get(replaced)).status, 410, 'the newest one counts')
      for (let i = 0; i < 3; i++) assert.equal((await preview.get(link)).status, 200)
      assert.equal(await hasAdministrator(w.rooms.people), false)
      const ada = new Browser()
      const home = await signInThrough(ada, link, /^ada$/)
      assert.equal(home.status, 200, home.text)
      assert.equal(await hasAdministrator(w.rooms.people), true)
      const token = link.split('/').at(-1) ?? ''
      assert.equal((await (await w.api('ada')).send('GET', '/session')).body.administrator, true)

      const nils = new Browser()
      assert.equal((await nils.get(link)).status, 410)
      assert.ok(!w.log.includes(token), 'the link is not in the log')
      assert.ok(!JSON.stringify(await w.ledger()).includes(token))
      assert.ok((await w.ledger()).some(({ type }) => type === 'setup_link.redeemed'))
      await assert.rejects(createSetupLink(w.rooms.people), { code: 'setup.closed' })
    })
  },
  { seed: false },
)
