/**
 * Answers where to go after a sign-in: a path on our own origin, or `/` for anything else. The text
 * is read as a browser reads it, so that `//host`, `/\host` and control characters lead nowhere
 * else (open redirector).
 */
export function localPath(text: string, issuer: string): string {
  const url = text.startsWith('/') ? URL.parse(text, issuer) : null
  if (!url || url.origin !== new URL(issuer).origin) return '/'
  const path = url.pathname + url.search
  return path.startsWith('//') ? '/' : path
}
