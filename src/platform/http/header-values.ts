import type { IncomingMessage } from 'node:http'

/**
 * Values of a header, all of them, in the order they came: some checks depend on whether there are
 * two, and the merged view does not show that. `name` in lower case. Read from the raw headers, not
 * from `headersDistinct`, which some Node versions cannot make when a header is called `__proto__`
 * (CVE-2026-21710).
 */
export function headerValues(message: IncomingMessage, name: string): string[] {
  const { rawHeaders } = message
  const values: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const given = rawHeaders[i] ?? ''
    if (given.length === name.length && given.toLowerCase() === name)
      values.push(rawHeaders[i + 1] ?? '')
  }
  return values
}
