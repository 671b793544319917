import { isIP } from 'node:net'
import { DECIDED_HEADERS } from '../../http/index.ts'
import { Problem } from '../../lib/problem.ts'
import { type CheckedBody, type GatewayCheck, NO_BODY, unsentBody } from '../check.ts'
import type { CheckRequest } from './messages.ts'

type HttpRequest = NonNullable<
  NonNullable<NonNullable<CheckRequest['attributes']>['request']>['http']
>

/** Set by Envoy on each body that it sends; what a caller calls so does not reach us. */
const PARTIAL = 'x-envoy-auth-partial-body'

const MEANING: ReadonlySet<string> = new Set([...DECIDED_HEADERS, 'content-type'])

/**
 * Reads what Envoy tells: the request line, the caller's headers, and the body where it is whole.
 * @throws Problem `request.bad_header`
 */
export function readCheck({ attributes }: CheckRequest, isGone: () => boolean): GatewayCheck {
  const http = attributes?.request?.http ?? {}
  const { method = '', path = '' } = http
  const ip = attributes?.source?.address?.socket_address?.address ?? ''
  const headers = headersOf(http)
  return {
    method,
    target: path,
    rawHeaders: headers.filter(([name]) => name !== PARTIAL).flat(),
    ip: isIP(ip) === 0 ? '' : ip,
    body: bodyOf(http, headers),
    isGone,
  }
}

/**
 * Headers one by one where Envoy sends them so (`encode_raw_headers`); else repeated ones are
 * joined by commas, so that two tokens are none.
 */
function headersOf({ header_map, headers = {} }: HttpRequest): [name: string, value: string][] {
  const raw = header_map?.headers ?? []
  const all: [string, string][] =
    raw.length > 0
      ? raw.map(({ key, raw_value, value = '' }) => [
          key,
          raw_value && raw_value.length > 0 ? raw_value.toString('latin1') : value,
        ])
      : Object.entries(headers).map(asSent)
  return all.filter(([name]) => !name.startsWith(':'))
}

/**
 * Takes a header that Envoy tells as a text. INVARIANT: one that the API may receive as something
 * else is refused: Envoy writes `!` for a byte that is not UTF-8, and joins lines by commas.
 */
function asSent([name, value]: [string, string]): [name: string, value: string] {
  const isJoined = name === 'idempotency-key' && value.includes(',')
  if (isJoined || (MEANING.has(name) && value.includes('!')))
    throw new Problem(
      'request.bad_header',
      `header \`${name}\` has ${isJoined ? 'a comma' : 'an exclamation mark'}, which counts only where the gateway sends headers as bytes (\`encode_raw_headers\`)`,
    )
  return [name, value]
}

/**
 * INVARIANT: a body counts only as the bytes that it is (`pack_as_bytes`): in a text, Envoy replaces
 * what is not UTF-8, and the API would receive something else than was decided.
 */
function bodyOf(
  { method = '', protocol, raw_body: bytes }: HttpRequest,
  headers: readonly (readonly [string, string])[],
): CheckedBody {
  const all = (name: string) => headers.flatMap(([each, value]) => (each === name ? [value] : []))
  if (bytes && bytes.length > 0)
    return all(PARTIAL).join() === 'false'
      ? { kind: 'whole', isPending: false, read: async () => bytes }
      : { kind: 'unseen' }
  const length = all('content-length').join()
  if (length === '0') return NO_BODY
  if (length !== '' || all('transfer-encoding').length > 0) return { kind: 'unseen' }
  // RFC 9112 section 6.3: in HTTP/1.1 a request without either has no body.
  return protocol === 'HTTP/1.1' ? NO_BODY : unsentBody(method)
}
