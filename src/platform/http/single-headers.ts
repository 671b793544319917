import { Problem } from '../lib/problem.ts'

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])

/** Checks whether calls are made by this method at all. */
export function isOffered(method: string): boolean {
  return METHODS.has(method)
}

export { DECIDED_HEADERS, decidedHeaders } from '../lib/decided-headers.ts'

/** Lists by their grammar (RFC 9110 5.3); joining them changes nothing. */
const MAY_REPEAT: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'cache-control',
])

/**
 * Reads `rawHeaders` of Node into lower-case names with one value each. `others`: names that may
 * come twice beside the lists.
 * @throws Problem `request.bad_header`
 */
export function singleHeaders(
  raw: readonly string[],
  others?: ReadonlySet<string>,
): Map<string, string> {
  const headers = new Map<string, string>()
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    const value = raw[i + 1] ?? ''
    const before = headers.get(name)
    if (before !== undefined && !MAY_REPEAT.has(name) && !others?.has(name)) {
      throw new Problem('request.bad_header', `header \`${name}\` occurs twice`)
    }
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return headers
}
