import assert from 'node:assert/strict'
import { Browser, type Page } from '../../examples/refund-desk/browser.ts'
import { registerProvider } from '../../src/identity/identity-providers/index.ts'
import { Secret } from '../../src/platform/lib/secret.ts'
import type { World } from '../world.ts'

/**
 * Does what somebody does at a provider's pages after Remit sent the browser there. Answers the
 * page that the browser ends on.
 */
export type ClickThrough = (
  browser: Browser,
  page: Page,
  name: string,
  password: string,
) => Promise<Page>

/** Goes from Remit's own page to the provider, and back as far as it leads. */
export async function signInWith(w: World, click: ClickThrough, name: string, password: string) {
  const browser = new Browser()
  const page = await browser.get(`${w.issuer}/`)
  assert.ok(page.url.startsWith(w.provider), `${page.url}: ${page.text}`)
  return { browser, page: await click(browser, page, name, password) }
}

/** The person is at Remit, is told in words that it did not work, and no session is open. */
export async function assertNotSignedIn(w: World, browser: Browser, page: Page): Promise<void> {
  assert.equal(new URL(page.url).origin, w.issuer)
  assert.equal(page.status, 502, page.text)
  assert.match(page.text, /The sign-in could not be completed/)
  assert.equal(browser.cookie(`${w.issuer}/`, 'remit_session'), undefined)
}

/** Registers the provider of this world as an administrator would who mistyped something. */
export function registerAgain(
  w: World,
  secret: string,
  more: { clientId?: string; attributes?: Record<string, string> } = {},
): Promise<void> {
  return registerProvider(w.rooms.people, {
    ...{ issuer: w.provider, name: 'Provider', clientId: 'remit', allowLoopback: true },
    ...{ clientSecret: new Secret(secret), by: 'operator', ...more },
  })
}
