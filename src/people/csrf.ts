import { createHmac } from 'node:crypto'
import { sameBytes } from '../lib/bytes.ts'

/**
 * What a form must send back: proves that the page came from us, for this session. Tells nothing about the token.
 * HMAC-SHA256 keyed with the session token, base64url.
 */
export function csrfToken(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('remit/csrf/v1').digest('base64url')
}

export function isCsrfToken(sessionToken: string, presented: unknown): boolean {
  return (
    typeof presented === 'string' &&
    sameBytes(Buffer.from(csrfToken(sessionToken)), Buffer.from(presented))
  )
}
