import { Problem } from '../../platform/lib/problem.ts'

const MAX_LENGTH = 512
/** Parameters of answers (RFC 6749 section 4.1.2, RFC 9207): an address brings none of its own. */
const ANSWERS: ReadonlySet<string> = new Set([
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'error_uri',
  'scope',
  'response',
  'access_token',
  'id_token',
])

/**
 * An address that codes may be sent to (RFC 9700 section 2.1, RFC 8252 section 7.3): `https`, or `http` on the person's own
 * computer; private schemes belong to the program that registers them last. Written the one way in which URLs are written, so that
 * the address that is shown, compared and followed is the same: no user name, no fragment, no other spelling of the host.
 * @throws Problem `registration.bad_redirect`
 */
export function checkRedirectUri(value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !/^[\x21-\x7e]+$/.test(value))
    throw badRedirectUri(`a redirect URI has at most ${MAX_LENGTH} ASCII characters`)
  const url = URL.parse(value)
  if (!url || (url.href !== value && url.href !== `${value}/`))
    throw badRedirectUri('a redirect URI is a URL in canonical form')
  if (/[^a-z0-9.:[\]-]/.test(url.hostname)) throw badRedirectUri('a redirect URI has a host')
  if (value.includes('#')) throw badRedirectUri('a redirect URI has no fragment')
  if (url.username !== '' || url.password !== '')
    throw badRedirectUri('a redirect URI has no user name')
  const own = [...url.searchParams.keys()].find((name) => ANSWERS.has(name.toLowerCase()))
  if (own !== undefined) throw badRedirectUri(`\`${own}\` is a response parameter`)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackRedirect(value)))
    throw badRedirectUri(
      'a redirect URI uses `https`, or `http` on `localhost`, `127.0.0.1` or `[::1]`',
    )
  return value
}

/**
 * `application_type` of OpenID Connect Registration, by where answers go: `native` is what the protocol library lets come from any port of
 * this computer (RFC 8252 section 7.3), which no client with a certificate for it needs.
 */
export function applicationTypeOf(redirectUris: readonly string[]): 'native' | 'web' {
  const here = redirectUris.filter(isLoopbackRedirect)
  return here.length > 0 && here.every((uri) => uri.startsWith('http:')) ? 'native' : 'web'
}

function badRedirectUri(detail: string): Problem {
  return new Problem('registration.bad_redirect', detail)
}

/**
 * Pattern for "this very computer" (RFC 8252 section 7.3), whatever the address is written like.
 */
export const LOOPBACK = 'localhost'
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set([LOOPBACK, '127.0.0.1', '[::1]'])

/**
 * Tells whether an address leads back to the computer that the browser runs on: any program there
 * can receive the answer.
 */
export function isLoopbackRedirect(redirectUri: string): boolean {
  const host = URL.parse(redirectUri)?.hostname
  return host !== undefined && LOOPBACK_HOSTS.has(host)
}

/**
 * Tells whether a client registered an address: character by character (RFC 9700 section 4.1.3),
 * except for the port on this computer, which a native client chooses when it starts (RFC 8252
 * section 7.3).
 */
export function isRegisteredRedirect(registered: readonly string[], wanted: string): boolean {
  if (registered.includes(wanted)) return true
  if (applicationTypeOf(registered) !== 'native') return false
  const there = withoutPort(wanted)
  return there !== undefined && registered.some((uri) => withoutPort(uri) === there)
}

/** Address on this computer without its port; `undefined` for any other, and for one that is not written as URLs are. */
export function withoutPort(uri: string): string | undefined {
  const url = URL.parse(uri)
  if (url?.protocol !== 'http:' || !isLoopbackRedirect(uri)) return undefined
  if (url.href !== uri && url.href !== `${uri}/`) return undefined
  url.port = ''
  return url.href
}
