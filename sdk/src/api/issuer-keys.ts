import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import type { Fetch } from '../wire/ports.ts'
import { secureUrl } from '../wire/server.ts'

/** Time that Remit says its keys may be kept: one that it withdraws is believed no longer. */
const KEEP_KEYS_MS = 5 * 60_000
/** Between readings because of a key that is not known, milliseconds. */
const PAUSE_MS = 5_000

/** The keys that Remit signs with, read when they are needed. */
export function issuerKeys(from: {
  readonly issuer: string
  /** Default `<issuer>/oauth/jwks`. */
  readonly jwksUri?: string
  readonly fetch?: Fetch
}): JWTVerifyGetKey {
  const { fetch: fetching, issuer, jwksUri } = from
  return createRemoteJWKSet(secureUrl(jwksUri ?? `${issuer}/oauth/jwks`), {
    cacheMaxAge: KEEP_KEYS_MS,
    cooldownDuration: PAUSE_MS,
    ...(fetching ? { [customFetch]: (url, init) => fetching(url, init as RequestInit) } : {}), // jose's is a part of it
  })
}
