import { Problem } from '../lib/problem.ts'

/** What came over the wire, before anything is believed. */
export interface RawRequest {
  method: string
  /** The request target exactly as sent. */
  target: string
  httpVersion: string
  /** Alternating names and values, as Node's `rawHeaders`. */
  rawHeaders: readonly string[]
}

/** A request that has one reading only: decoded segments and query pairs, and every header once. */
export interface StrictRequest {
  method: string
  /** The path as sent; what a DPoP proof's `htu` is compared with. */
  path: string
  /** Decoded path segments, none empty, none `.` or `..`. */
  segments: readonly string[]
  /** Decoded query pairs in order. */
  query: readonly (readonly [string, string])[]
  /** Lower-case names. A name that came twice is refused, except those in `MAY_REPEAT`. */
  headers: ReadonlyMap<string, string>
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
const MOST_TARGET = 8192
/** Lists by their grammar (RFC 9110 5.3); joining them changes nothing. */
const MAY_REPEAT = new Set(['accept', 'accept-language', 'cache-control'])

/** pchar of RFC 3986 3.3 without `;`, which some servers cut a segment at. */
const SEGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+$/
const QUERY_PART = /^(?:[A-Za-z0-9._~!$'()*+,:@/?[\]-]|%[0-9A-Fa-f]{2})*$/

/**
 * Percent-decodes one part once, as UTF-8. Refuses what another parser could read differently: invalid UTF-8, encoded
 * unreserved characters (`%2e`), control characters, and an encoded slash, backslash, semicolon, percent sign, `?` or `#` in a path.
 */
function decodePart(part: string, inPath: boolean): string | undefined {
  for (const [, hex = ''] of part.matchAll(/%([0-9A-Fa-f]{2})/g)) {
    const code = Number.parseInt(hex, 16)
    if (code < 0x20 || code === 0x7f) return undefined
    const character = String.fromCharCode(code)
    if (/[A-Za-z0-9._~-]/.test(character)) return undefined
    if (inPath && '/\\;%?#'.includes(character)) return undefined
  }
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

function readPath(path: string): string[] | undefined {
  if (!path.startsWith('/')) return undefined
  if (path === '/') return []
  const segments: string[] = []
  for (const part of path.slice(1).split('/')) {
    if (!SEGMENT.test(part)) return undefined
    const segment = decodePart(part, true)
    if (segment === undefined || segment === '.' || segment === '..') return undefined
    segments.push(segment)
  }
  return segments
}

/** `application/x-www-form-urlencoded` reading: `+` is a space (it is sent on as `%20`). */
function readQuery(text: string): [string, string][] | undefined {
  const pairs: [string, string][] = []
  if (text === '') return pairs
  for (const part of text.split('&')) {
    const at = part.indexOf('=')
    const rawName = at < 0 ? part : part.slice(0, at)
    const rawValue = at < 0 ? '' : part.slice(at + 1)
    if (
      rawName === '' ||
      !QUERY_PART.test(rawName) ||
      !QUERY_PART.test(rawValue.replaceAll('=', ''))
    ) {
      return undefined
    }
    const name = decodePart(rawName.replaceAll('+', '%20'), false)
    const value = decodePart(rawValue.replaceAll('+', '%20'), false)
    if (name === undefined || value === undefined) return undefined
    pairs.push([name, value])
  }
  return pairs
}

function readHeaders(raw: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>()
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    const value = raw[i + 1] ?? ''
    const before = headers.get(name)
    if (before !== undefined && !MAY_REPEAT.has(name)) {
      throw new Problem('request.bad_header', `header \`${name}\` came twice`)
    }
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return headers
}

function checkFraming(headers: ReadonlyMap<string, string>): string | undefined {
  const transfer = headers.get('transfer-encoding')
  if (transfer !== undefined && transfer !== 'chunked')
    return 'transfer-encoding may only be `chunked`'
  if (transfer !== undefined && headers.has('content-length'))
    return 'content-length beside transfer-encoding'
  if (headers.has('upgrade')) return 'upgrade is not offered'
  const expect = headers.get('expect')
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') return 'unknown expectation'
  const encoding = headers.get('content-encoding')
  if (encoding !== undefined && encoding !== 'identity') return 'content-encoding is not accepted'
  return undefined
}

/**
 * Reads a request in the one way every server would read it, or refuses it (`request.*`). Nothing is normalised: what is
 * ambiguous is turned away, and the upstream request is built anew from the parts returned here.
 *
 * `host` is the gateway's own authority, from configuration, never from the request.
 */
export function strictRequest(raw: RawRequest, host: string): StrictRequest {
  if (!METHODS.has(raw.method)) {
    throw new Problem('request.method_not_allowed', `\`${raw.method}\` is not offered`)
  }
  if (raw.httpVersion !== '1.1') throw new Problem('request.bad_header', 'HTTP/1.1 is needed')
  if (raw.target.length > MOST_TARGET) {
    throw new Problem('request.target_too_long', `at most ${MOST_TARGET} characters`)
  }
  const headers = readHeaders(raw.rawHeaders)
  if (headers.get('host')?.toLowerCase() !== host) {
    throw new Problem('request.wrong_host', 'the Host header does not name this gateway')
  }
  const framing = checkFraming(headers)
  if (framing) throw new Problem('request.bad_header', framing)

  const at = raw.target.indexOf('?')
  const path = at < 0 ? raw.target : raw.target.slice(0, at)
  const segments = readPath(path)
  const query = readQuery(at < 0 ? '' : raw.target.slice(at + 1))
  if (!segments) {
    throw new Problem('request.ambiguous_target', 'the path can be read in more than one way')
  }
  if (!query) {
    throw new Problem('request.ambiguous_target', 'the query can be read in more than one way')
  }
  return { method: raw.method, path, segments, query, headers }
}

/**
 * The path and query of the upstream request, built from what was decided on. Inverse of the reading above, and spelled
 * so that a parser of the URL standard leaves every byte as it is.
 */
export function buildTarget(
  base: string,
  segments: readonly string[],
  query: readonly (readonly [string, string])[],
): string {
  const path = segments.map((segment) => `/${encodeURIComponent(segment)}`).join('')
  const search = query
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
    .replaceAll("'", '%27')
  return `${base.replace(/\/$/, '')}${path || '/'}${search ? `?${search}` : ''}`
}
