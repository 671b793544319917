import { isIP } from 'node:net'
import { DECIDED_HEADERS } from '../../../platform/http/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type CheckedBody, type GatewayCheck, NO_BODY, UNSEEN } from '../check.ts'
import type { CheckRequest } from './messages.ts'

type HttpRequest = NonNullable<
  NonNullable<NonNullable<CheckRequest['attributes']>['request']>['http']
>

/** Set by Envoy on each body that it sends; what a caller calls so does not reach us. */
const PARTIAL = 'x-envoy-auth-partial-body'

const MEANING: ReadonlySet<string> = new Set([...DECIDED_HEADERS, 'content-type'])

/** Metadata, or setting of the route, by which Envoy's configuration promises to send each body along. */
export const BODY = 'remit-body'
const SENT = 'sent'

/** Protocols in which a request with neither length nor coding has no body (RFC 9112 section 6.3). */
const TELLS_BODY: ReadonlySet<string | undefined> = new Set(['HTTP/1.0', 'HTTP/1.1'])

/**
 * Reads what Envoy tells: the request line, the caller's headers, and the body where it is whole.
 * `promises`: values of `BODY`, which no caller can write.
 * @throws Problem `request.bad_header`
 */
export function readCheck(
  { attributes }: CheckRequest,
  { isGone, promises }: Pick<GatewayCheck, 'isGone'> & { readonly promises: readonly string[] },
): GatewayCheck {
  const http = attributes?.request?.http ?? {}
  const { host = '', method = '', path = '' } = http
  const ip = attributes?.source?.address?.socket_address?.address ?? ''
  const headers = headersOf(http)
  return {
    method,
    target: path,
    host,
    leavesPort: false,
    rawHeaders: headers.filter(([name]) => name !== PARTIAL).flat(),
    ip: isIP(ip) === 0 ? '' : ip,
    body: bodyOf(http, {
      headers,
      sendsEach: promises.length > 0 && promises.every((each) => each === SENT),
    }),
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
 * bytes that are not UTF-8, and the API would receive something else than was decided. The absence of a body
 * counts only where the protocol or the gateway's own word says it.
 */
function bodyOf(
  { body: text = '', protocol, raw_body: bytes }: HttpRequest,
  {
    headers,
    sendsEach,
  }: {
    readonly headers: readonly (readonly [string, string])[]
    readonly sendsEach: boolean
  },
): CheckedBody {
  const all = (name: string) => headers.flatMap(([each, value]) => (each === name ? [value] : []))
  const partial = all(PARTIAL).join()
  if (bytes && bytes.length > 0)
    return partial === 'false'
      ? { kind: 'whole', isPending: false, read: async () => bytes }
      : UNSEEN
  if (text !== '') return UNSEEN
  const length = all('content-length').join()
  if (length === '0') return NO_BODY
  if (length !== '' || all('transfer-encoding').length > 0) return UNSEEN
  if (TELLS_BODY.has(protocol)) return NO_BODY
  if (!sendsEach) return { kind: 'unseen', missing: `\`${BODY}: ${SENT}\`` }
  return partial === '' || partial === 'false' ? NO_BODY : UNSEEN
}
