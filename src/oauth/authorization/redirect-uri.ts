import { applicationTypeOf, isLoopbackRedirect } from '../../client-metadata/index.ts'

/**
 * Whether a client registered an address: character by character (RFC 9700 section 4.1.3), except for the port on this
 * computer, which a native client chooses when it starts (RFC 8252 section 7.3).
 */
export function isRegisteredRedirect(registered: readonly string[], wanted: string): boolean {
  if (registered.includes(wanted)) return true
  if (applicationTypeOf(registered) !== 'native') return false
  const there = withoutPort(wanted)
  return there !== undefined && registered.some((uri) => withoutPort(uri) === there)
}

/** Address on this computer without its port; `undefined` for any other, and for one that is not written as URLs are. */
function withoutPort(uri: string): string | undefined {
  const url = URL.parse(uri)
  if (url?.protocol !== 'http:' || !isLoopbackRedirect(uri)) return undefined
  if (url.href !== uri && url.href !== `${uri}/`) return undefined
  url.port = ''
  return url.href
}
