import { Problem } from '../lib/problem.ts'

/** Path and query of a request in the one way every server would read them. */
export interface Target {
  /** The path as sent; what a DPoP proof's `htu` is compared with. */
  readonly path: string
  /** Decoded path segments, none empty, none `.` or `..`. */
  readonly segments: readonly string[]
  /** Decoded query pairs in order. */
  readonly query: readonly (readonly [string, string])[]
  /** True where a value in the query has several lines; only where the reader asked for such values. */
  readonly hasLines?: boolean
}

const MAX_TARGET = 8192
/** pchar of RFC 3986 3.3 without `;`, which some servers cut a segment at. */
const SEGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+$/
const QUERY_NAME = /^(?:[A-Za-z0-9._~!$'()*+,:@/?[\]-]|%[0-9A-Fa-f]{2})+$/
const QUERY_VALUE = /^(?:[A-Za-z0-9._~!$'()*+,:@/?[\]=-]|%[0-9A-Fa-f]{2})*$/

/** Signs at which some parsers of names with brackets let the name end, wherever they stand. */
const NAME_END = /(?:\]|%5D)=/i

/**
 * Part of a target, by where it is, or of a form; only texts of several lines have line feeds. A form has no path that could be
 * climbed, so any sign may be encoded in it, and its texts have lines and columns.
 */
type PartKind = 'segment' | 'query' | 'lines' | 'form'

/** Escapes of characters that need none: `%2e`, `%41`. */
const NEEDLESS = '2[de]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f'
/**
 * Escapes that are refused in parts of each kind, found in one step for each character: of control characters, but for the layout of
 * texts, of what needs none, and in a path of characters at which some servers end or cut a segment.
 */
const DOUBTFUL: Readonly<Record<PartKind, RegExp>> = {
  segment: new RegExp(`%(?:[01][0-9a-f]|${NEEDLESS}|2[35f]|3[bf]|5c|7[ef])`, 'i'),
  query: new RegExp(`%(?:[01][0-9a-f]|${NEEDLESS}|7f)`, 'i'),
  lines: new RegExp(`%(?:0[0-9b-f]|1[0-9a-f]|${NEEDLESS}|7f)`, 'i'),
  form: /%(?:0[0-8bcef]|1[0-9a-f]|7f)/i,
}

/**
 * Percent-decodes one part once, as UTF-8. Refuses what another parser could read differently: invalid UTF-8, control characters, and
 * outside of forms encoded unreserved characters (`%2e`), but for the `%7E` that browsers write in a query; in a path also an encoded
 * slash, backslash, semicolon, percent sign, `?` or `#`.
 */
function decodePart(part: string, kind: PartKind): string | undefined {
  if (DOUBTFUL[kind].test(part)) return undefined
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
    const segment = decodePart(part, 'segment')
    if (segment === undefined || segment === '.' || segment === '..') return undefined
    segments.push(segment)
  }
  return segments
}

/**
 * Reads `application/x-www-form-urlencoded` text: `+` is a space (it is sent on as `%20`). `undefined`: it can be read in more than
 * one way. `inValues`: names never have lines.
 */
function readQuery(
  text: string,
  inValues: Exclude<PartKind, 'segment'> = 'query',
): [string, string][] | undefined {
  const pairs: [string, string][] = []
  if (text === '') return pairs
  for (const part of text.split('&')) {
    const pair = readPair(part, inValues)
    if (!pair) return undefined
    pairs.push(pair)
  }
  return pairs
}

/** Reads one pair of name and value, as `readQuery` does. */
export function readPair(
  part: string,
  inValues: Exclude<PartKind, 'segment'>,
): [string, string] | undefined {
  const at = part.indexOf('=')
  const rawName = at < 0 ? part : part.slice(0, at)
  const rawValue = at < 0 ? '' : part.slice(at + 1)
  if (!QUERY_NAME.test(rawName) || !QUERY_VALUE.test(rawValue) || NAME_END.test(rawValue))
    return undefined
  const name = decodePart(withSpaces(rawName), inValues === 'form' ? 'form' : 'query')
  const value = decodePart(withSpaces(rawValue), inValues)
  if (name === undefined || value === undefined || /[\t\n\r]/.test(name)) return undefined
  return [name, value]
}

/** Length up to which a text is gone through by `replaceAll`, which takes 20 ns for each `+`. */
const SHORT = 4_096

/** Puts spaces in place of `+` in ASCII. */
function withSpaces(part: string): string {
  if (!part.includes('+')) return part
  if (part.length <= SHORT) return part.replaceAll('+', ' ')
  const bytes = Buffer.from(part, 'latin1')
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === PLUS) bytes[at] = SPACE
  return bytes.toString('latin1')
}

const PLUS = 0x2b
const SPACE = 0x20

/**
 * Reads a request target, exactly as it was sent. Nothing is normalised: what can be read in two ways is turned away.
 * `lines`: values in the query may have several lines; who asks for that decides where they are taken.
 * @throws Problem `request.target_too_long`, `request.ambiguous_target`
 */
export function readTarget(target: string, { lines = false } = {}): Target {
  if (target.length > MAX_TARGET) {
    throw new Problem('request.target_too_long', `at most ${MAX_TARGET} characters`)
  }
  const at = target.indexOf('?')
  const path = at < 0 ? target : target.slice(0, at)
  const segments = readPath(path)
  const query = readQuery(at < 0 ? '' : target.slice(at + 1), lines ? 'lines' : 'query')
  if (!segments) {
    throw new Problem('request.ambiguous_target', 'the path can be read in more than one way')
  }
  if (!query) throw ambiguousQuery()
  const hasLines = lines && query.some(([, value]) => value.includes('\n'))
  return { path, segments, query, ...(hasLines ? { hasLines } : {}) }
}

export function ambiguousQuery(): Problem {
  return new Problem('request.ambiguous_target', 'the query can be read in more than one way')
}
