import { createHmac } from 'node:crypto'
import { sameBytes } from '../../platform/lib/bytes.ts'

/**
 * Makes the value that a form must send back: it proves that the page came from us, for this
 * session. It tells nothing about the token.
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
