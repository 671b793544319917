import { writePairs } from '../../platform/bodies/index.ts'
import {
  framingFault,
  isOffered,
  rawValues,
  readTarget,
  singleHeaders,
  type Target,
} from '../../platform/http/index.ts'
import { Problem } from '../../platform/lib/problem.ts'

/** A request as it came over the wire, before anything is believed. */
export interface RawRequest {
  method: string
  /** The request target exactly as sent. */
  target: string
  httpVersion: string
  /** Alternating names and values, as Node's `rawHeaders`. */
  rawHeaders: readonly string[]
}

/** A request that has one reading only: its target, and every header once. */
export interface StrictRequest extends Target {
  method: string
  /** Lower-case names. A name that came twice is refused, except for lists. */
  headers: ReadonlyMap<string, string>
}

/** Offers that say no more than that the client could speak HTTP/2, too: Java's own client makes one over plain HTTP. */
const MAY_BE_IGNORED: ReadonlySet<string | undefined> = new Set([undefined, 'h2c'])

/**
 * Reads a request in the one way every server would read it, or refuses it (`request.*`). Nothing is normalised: an
 * ambiguous request is refused, and the upstream request is built from the parts returned here.
 *
 * `host` is the gateway's own authority, from configuration, never from the request.
 */
export function strictRequest(raw: RawRequest, host: string): StrictRequest {
  if (!isOffered(raw.method)) {
    throw new Problem('request.method_not_allowed', `\`${raw.method}\` is not offered`)
  }
  if (raw.httpVersion !== '1.1') throw new Problem('request.bad_header', 'HTTP/1.1 is needed')
  const headers = singleHeaders(raw.rawHeaders)
  if (headers.get('host')?.toLowerCase() !== host) {
    throw new Problem('request.wrong_host', 'the Host header does not name this gateway')
  }
  const fault = MAY_BE_IGNORED.has(headers.get('upgrade'))
    ? framingFault(rawValues(raw.rawHeaders))
    : 'upgrade is not offered'
  if (fault) throw new Problem('request.bad_header', fault)

  return { method: raw.method, ...readTarget(raw.target, { lines: true }), headers }
}

/**
 * The path and query of the upstream request, built from the decided call. Inverse of the reading above, and spelled
 * so that a parser of the URL standard leaves every byte as it is.
 */
export function buildTarget(
  base: string,
  segments: readonly string[],
  query: readonly (readonly [string, string])[],
): string {
  const path = segments.map((segment) => `/${encodeURIComponent(segment)}`).join('')
  const search = writePairs(query)
  return `${base.replace(/\/$/, '')}${path || '/'}${search ? `?${search}` : ''}`
}
