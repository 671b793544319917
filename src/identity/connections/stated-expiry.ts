import { readCompact, readObject } from '../../platform/jose/index.ts'
import type { Secret } from '../../platform/lib/secret.ts'

/** Earliest and latest end that is taken for one: the years 2000 to 2100, in seconds. */
const EARLIEST = Date.UTC(2000, 0) / 1_000
const LATEST = Date.UTC(2100, 0) / 1_000

/**
 * Reads when a credential expires, in epoch milliseconds, if it is a JWT that says so (`exp`); `undefined`: it does not. Nothing
 * is verified, and nothing else is read: it is a credential of another system, and what it says decides nothing.
 */
export function statedExpiry(secret: Secret): number | undefined {
  try {
    const { exp } = readObject(readCompact(secret.reveal()).payload, 'claims')
    return typeof exp === 'number' && exp >= EARLIEST && exp < LATEST
      ? Math.floor(exp * 1_000)
      : undefined
  } catch {
    // Not a JWT. INVARIANT: no message says what the credential is.
    return undefined
  }
}
