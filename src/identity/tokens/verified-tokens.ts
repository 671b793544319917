import type { KeyObject } from 'node:crypto'
import { CLOCK_SKEW_MS } from '../../platform/jose/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { LruCache } from '../../platform/lib/lru-cache.ts'
import type { AccessTokenCache, AccessTokenContent, OwnTokens } from './access-token.ts'
import { signingKeyOf } from './signing-key/live-key.ts'

interface CachedToken extends AccessTokenContent {
  readonly kid: string
  /** Key that the signature was verified with. */
  readonly key: KeyObject
  /** Seconds. */
  readonly notBefore: number
}

const MAX = 10_000
/** A token counts as one for each so many characters of it, or part of them: its kept form is as large. */
const CHARACTERS = 4096

/**
 * Access tokens of ours that were found good in every respect, by the digest of their text, so that the one that comes with every call
 * of a task is verified and parsed once.
 * INVARIANT: whatever can change is checked each time: that the key is still one of ours, that it is for this audience, that
 * its time is now. A token that is not kept, or fails one of these, is checked from the beginning, which also names the fault.
 */
export class VerifiedTokens implements AccessTokenCache {
  readonly #tokens: LruCache<CachedToken>

  constructor(most = MAX) {
    this.#tokens = new LruCache(most)
  }

  find(token: string, audience: string, own: OwnTokens): AccessTokenContent | undefined {
    const verified = this.#tokens.get(sha256url(token), markOf(own.issuer, audience))
    if (!verified) return undefined
    const { access, key, kid, notBefore } = verified
    const now = own.clock.now()
    const holds =
      own.keys.find(kid) === key &&
      now < access.exp * 1000 &&
      notBefore * 1000 <= now + CLOCK_SKEW_MS
    return holds ? verified : undefined
  }

  keep(
    token: string,
    own: OwnTokens,
    good: AccessTokenContent & { readonly notBefore: number },
  ): void {
    const kid = signingKeyOf(token).id
    const key = own.keys.find(kid)
    const { aud, iss } = good.access
    const weight = Math.ceil(token.length / CHARACTERS)
    if (key) this.#tokens.put(sha256url(token), markOf(iss, aud), { ...good, kid, key }, weight)
  }
}

/** Two addresses: there is no space in either. */
function markOf(issuer: string, audience: string): string {
  return `${issuer} ${audience}`
}
