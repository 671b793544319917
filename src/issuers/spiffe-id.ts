const MAX_LENGTH = 2048
const SHAPE = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)+)$/

/**
 * SPIFFE-ID sections 2.1 to 2.3, of a workload: a trust domain in lower case and a path; no port, user, query or fragment, no
 * percent-encoding, no empty or dot segments.
 */
export function isSpiffeId(text: unknown): text is string {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return false
  const path = SHAPE.exec(text)?.[2]
  return path?.split('/').every((part) => part !== '.' && part !== '..') ?? false
}
