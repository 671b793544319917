/**
 * `htu` (RFC 9449 section 4.3, check 9): scheme and host compare without case and default ports are left out, as RFC
 * 3986 section 6.2 has it; the path compares byte by byte, because what other spellings of a path mean is the
 * server's secret. Query and fragment do not count. No credentials.
 */
const HTTP_URL = /^(https?):\/\/([^/?#@\\\s]+)(\/[^?#\\\s]*)?(?:[?#]\S*)?$/i
const DEFAULT_PORT: Readonly<Record<string, string>> = { http: ':80', https: ':443' }

/**
 * Tells whether a proof's `htu` is this URL. `url` is ours, built from configuration, never from a
 * request's Host.
 */
export function isForUrl(htu: string, url: string): boolean {
  if (htu === url) return true
  const given = normal(htu)
  return given !== undefined && given === normal(url)
}

function normal(url: string): string | undefined {
  const parts = HTTP_URL.exec(url)
  if (!parts) return undefined
  const [, scheme = '', authority = '', path = '/'] = parts
  const lower = scheme.toLowerCase()
  const port = DEFAULT_PORT[lower] ?? ''
  const host = authority.toLowerCase()
  return `${lower}://${host.endsWith(port) ? host.slice(0, -port.length) : host}${path}`
}
