import { Agent, type Dispatcher } from 'undici'
import type { Json } from '../lib/json.ts'
import { type AllowOrigin, checkedConnector, type Resolver, systemResolver } from './connector.ts'
import { boundedFetch, type FetchInit, type FetchLimits } from './fetch.ts'
import { type FetchedDocument, fetchDocument, fetchJson } from './fetch-json.ts'

export interface Outbound {
  /**
   * Dispatcher of undici for the gateway: every connection is checked and pinned. It follows no
   * redirects. Refused targets fail with Problem `outbound.refused` before a byte is sent.
   */
  readonly dispatcher: Dispatcher
  /**
   * A `fetch` for libraries that take one: whole answers, at most `maxBytes` (default 256 KiB) within `timeoutMs`
   * (default 5 s), redirects returned and never followed.
   * Throws Problem `outbound.refused`, `outbound.unreachable`, `outbound.timed_out`, `outbound.too_large`.
   */
  fetch(url: string, init?: FetchInit, limits?: FetchLimits): Promise<Response>
  /**
   * GETs a JSON document: status 200 and a JSON media type, or Problem `outbound.unexpected_answer`.
   * Parsed strictly (no duplicate keys, bounded depth). Limits and other problems as in `fetch`.
   */
  fetchJson(url: string, limits?: FetchLimits): Promise<Json>
  /**
   * GETs a JSON document as `fetchJson` does, with the headers of the answer: they say how long it
   * may be kept.
   */
  fetchDocument(url: string, limits?: FetchLimits): Promise<FetchedDocument>
  close(): Promise<void>
}

/** Default maximum of connections to one origin. */
const MAX_CONNECTIONS = 128

export interface OutboundOptions {
  /** Registered origins: they may be plain HTTP, literal addresses and private networks. All others may not. */
  allowOrigins: AllowOrigin
  resolver?: Resolver
  /** Connections per origin. Default: 128. */
  connections?: number
}

/** Requests that leave the server. Nothing else in the server opens outbound HTTP connections. */
export function outbound(options: OutboundOptions): Outbound {
  const dispatcher = new Agent({
    connect: checkedConnector(options.allowOrigins, options.resolver ?? systemResolver),
    connections: options.connections ?? MAX_CONNECTIONS,
    pipelining: 1,
  })
  return {
    dispatcher,
    fetch: (url, init, limits) => boundedFetch(dispatcher, url, init, limits),
    fetchJson: (url, limits) => fetchJson(dispatcher, url, limits),
    fetchDocument: (url, limits) => fetchDocument(dispatcher, url, limits),
    close: () => dispatcher.destroy(),
  }
}
