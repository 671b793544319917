import type { IncomingHttpHeaders } from 'node:http'
import type { Redactor } from '../../../platform/lib/redaction/redactor.ts'

/**
 * Headers of an upstream's answer that reach the agent. All others are dropped, cookies first of
 * all.
 */
const PASSED_ON = new Set([
  'cache-control',
  'content-disposition',
  'content-language',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'link',
  'preference-applied',
  'retry-after',
  'vary',
])

/** Field values of RFC 9110 section 5.5 without the obsolete bytes beyond ASCII, which everyone reads differently. */
const FIELD = /^[\t\x20-\x7e]*$/

/**
 * Headers of the answer, from the upstream's. `Location` is rewritten when it points into the upstream, so that the agent
 * follows it through the gateway, and dropped when it points elsewhere on the inside. A value that holds something
 * we injected is dropped.
 */
export function answerHeaders(
  from: IncomingHttpHeaders,
  at: {
    origin: string
    target: string
    upstream: string
    identifier: string
    decisionId: string
  },
  redactor: Redactor,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(from)) {
    if (value === undefined || !PASSED_ON.has(name)) continue
    const text = Array.isArray(value) ? value.join(', ') : value
    if (FIELD.test(text) && !redactor.finds(text)) headers[name] = value
  }
  const location = typeof from.location === 'string' ? rewrite(from.location, at) : undefined
  if (location && !redactor.finds(location)) headers.location = location
  headers['x-content-type-options'] = 'nosniff'
  headers['content-security-policy'] = "default-src 'none'; sandbox"
  headers['remit-decision'] = at.decisionId
  return headers
}

function rewrite(
  location: string,
  at: { origin: string; target: string; upstream: string; identifier: string },
): string | undefined {
  const base = at.upstream.replace(/\/$/, '')
  const target = URL.parse(location, at.origin + at.target)
  if (!target) return undefined
  if (target.href === base || target.href.startsWith(`${base}/`)) {
    return at.identifier + target.href.slice(base.length)
  }
  return target.origin === new URL(base).origin ? undefined : target.href
}
