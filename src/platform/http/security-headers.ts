/**
 * Policy that a browser gets with every answer, whichever code writes the body: nothing may be loaded but
 * our own style sheet, images and manifest, no script runs, no page may frame us, forms go nowhere else, and
 * no address leaks to another site.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self' data:",
  "manifest-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

/** Headers of every answer on `origin`. Static assets replace `cache-control`; nothing replaces the others. */
export function securityHeaders(origin: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    'cache-control': 'no-store',
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  }
  // RFC 6797 7.2: never over plain http.
  if (origin.startsWith('https:')) {
    headers['strict-transport-security'] = 'max-age=63072000'
  }
  return headers
}
