import { CallFailed, UsageError } from '../errors.ts'
import type { Ports } from './ports.ts'
import { objectOf } from './problem.ts'

/** Metadata of a Remit server (RFC 8414), as far as this package needs them. */
export interface RemitServer {
  readonly issuer: string
  readonly tokenEndpoint: string
  /** Endpoint at which an agent asks a person itself (OpenID CIBA), if the server does that. */
  readonly backchannelEndpoint?: string
}

/**
 * Asks a server where its endpoints are (RFC 8414 section 3).
 * @throws {CallFailed} `server.unreachable`, `server.unreadable`
 */
export async function discover(
  issuer: string,
  { fetch }: Pick<Ports, 'fetch'>,
): Promise<RemitServer> {
  const url = secureUrl(issuer)
  const path = url.pathname === '/' ? '' : url.pathname
  const where = `${url.origin}/.well-known/oauth-authorization-server${path}`
  const response = await reach(where, () =>
    fetch(where, { headers: { accept: 'application/json' }, redirect: 'manual' }),
  )
  const {
    backchannel_authentication_endpoint: asking,
    issuer: told,
    token_endpoint,
  } = await objectOf(response)
  // RFC 8414 section 3.3: a document that names another issuer is not used.
  if (!response.ok || told !== issuer || typeof token_endpoint !== 'string')
    throw new CallFailed(
      'server.unreadable',
      `\`${where}\` does not describe \`${issuer}\`: ${described(response, told)}`,
      { effect: 'none', status: response.status },
    )
  secureUrl(token_endpoint)
  if (typeof asking !== 'string') return { issuer, tokenEndpoint: token_endpoint }
  secureUrl(asking)
  return { issuer, tokenEndpoint: token_endpoint, backchannelEndpoint: asking }
}

function described(response: Response, told: unknown): string {
  if (!response.ok) return `it answered ${response.status}`
  if (typeof told !== 'string') return 'it names no issuer'
  return `it describes \`${told.slice(0, 200)}\``
}

/** Sends to `url`; a network that fails becomes an error of ours. An abort by the caller stays what it is. */
export async function reach(
  url: string,
  send: () => Promise<Response>,
  effect: 'none' | 'unknown' = 'none',
): Promise<Response> {
  try {
    return await send()
  } catch (cause) {
    if (cause instanceof Error && (cause.name === 'AbortError' || cause.name === 'TimeoutError'))
      throw cause
    const { origin, pathname } = new URL(url)
    const detail = `no answer came from \`${origin}${pathname}\`: ${reasons(cause)}`
    throw new CallFailed('server.unreachable', detail, { effect, cause })
  }
}

/** `fetch failed` names no reason; its cause does: `ECONNREFUSED`. */
function reasons(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const why = error.message || code || error.name
  return error.cause === undefined || depth > 3 ? why : `${why}: ${reasons(error.cause, depth + 1)}`
}

/** HTTPS, or plain HTTP on this machine. @throws {UsageError} */
export function secureUrl(text: string): URL {
  const url = parsed(text)
  const local = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local))
    throw new UsageError(`\`${text}\` is neither https nor on this machine`)
  return url
}

/** False also for what is no address. */
export function isSameOrigin(text: string, other: string): boolean {
  try {
    return new URL(text).origin === new URL(other).origin
  } catch {
    return false
  }
}

function parsed(text: string): URL {
  try {
    return new URL(text)
  } catch {
    throw new UsageError(`\`${text}\` is not an address`)
  }
}
