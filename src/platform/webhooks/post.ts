import { Problem } from '../lib/problem.ts'
import type { Outbound } from '../net/index.ts'
import { DeliveryError } from './delivery-error.ts'

/** Parts that requests to addresses of people and groups are made with. */
export interface PostParts {
  readonly outbound: Pick<Outbound, 'fetch'>
  /** Origins that may be plain HTTP, and in a private network. */
  readonly origins: readonly string[]
}

const MAX_URL = 2_048
const LIMITS = { timeoutMs: 10_000, maxBytes: 64 * 1024 }
/** Refusals that pass (RFC 9110, RFC 6585, RFC 8470). */
const PASSING = new Set([408, 425, 429])
/** Statuses that say that there is no subscriber (RFC 8030 section 7.3), and that an address is no more. */
const GONE = new Set([404, 410])

/** Posts to an address. `goneWhenMissing`: 404 and 410 mean that it is no more. @throws DeliveryError */
export async function postTo(
  { outbound }: Pick<PostParts, 'outbound'>,
  url: string,
  { body, goneWhenMissing = false, headers }: PostedMessage,
): Promise<void> {
  const answer = await outbound
    .fetch(url, { method: 'POST', headers, body }, LIMITS)
    .catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error
      throw new DeliveryError(error.detail, {
        lasting: error.code === 'outbound.refused',
        // INVARIANT: refused, unresolvable and unreachable are one answer, or names of our network could be tried.
        told: `\`${new URL(url).host}\` cannot be reached from here`,
      })
    })
  const { ok, status } = answer
  if (ok) return
  throw new DeliveryError(`${new URL(url).host} answered ${status}`, {
    // A redirect is never followed: who set the address has to set another.
    lasting: status < 500 && !PASSING.has(status),
    gone: goneWhenMissing && GONE.has(status),
  })
}

interface PostedMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array<ArrayBuffer>
  readonly goneWhenMissing?: boolean
}

/**
 * Reads an address without credentials or fragment, as URL parsers write it. Where it leads is
 * checked with every connection.
 * @throws Problem `notification.bad_address`
 */
export function readUrl(typed: string, { origins }: Pick<PostParts, 'origins'>): URL {
  const url = URL.parse(typed)
  if (!url || typed.length > MAX_URL || url.username + url.password + url.hash !== '')
    throw badAddress('this is no address that Remit can post to')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && origins.includes(url.origin)))
    throw badAddress('the address has to begin with https://')
  return url
}

export function badAddress(detail: string): Problem {
  return new Problem('notification.bad_address', detail)
}
