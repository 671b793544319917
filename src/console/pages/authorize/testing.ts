import { beginAuthorization } from '../../../grants/code-grant/index.ts'
import { base64url, sha256url } from '../../../platform/lib/bytes.ts'
import { systemRandom } from '../../../platform/lib/random.ts'
import { LOCATION, type TestPages } from '../testing.ts'
import type { TestBrowser } from '../visiting/testing.ts'

/** A client stands at the authorization endpoint, for the person at this browser. */
export async function authorizationBegun(
  { parts }: TestPages,
  browser: TestBrowser,
): Promise<string> {
  const id = base64url(systemRandom.bytes(16))
  const secret = base64url(systemRandom.bytes(32))
  const redirectUri = 'http://127.0.0.1:1455/callback'
  browser.setCookie('remit_browser', secret)
  await beginAuthorization(parts.decisions, {
    askedDetails: null,
    deferrable: false,
    mayReturn: true,
    id,
    clientId: 'refund-bot',
    clientName: 'refund-bot',
    redirectUri,
    redirectUris: [redirectUri],
    resource: LOCATION,
    scope: null,
    browser: sha256url(secret),
  })
  return id
}
