/**
 * Blanks what we injected upstream, should the upstream echo it: no credential reaches the agent's process. Same length, so
 * that lengths and offsets stay true. A tail that may be the beginning of a secret is held back until it is known not to be.
 */
export function secretFilter(secrets: readonly string[]): {
  push(chunk: Buffer): Buffer
  rest(): Buffer
  readonly found: boolean
} {
  const needles = secrets.filter((secret) => secret.length > 0).map((secret) => Buffer.from(secret))
  let held: Buffer = Buffer.alloc(0)
  let found = false

  function blank(data: Buffer): void {
    for (const needle of needles) {
      for (let at = data.indexOf(needle); at >= 0; at = data.indexOf(needle, at + needle.length)) {
        data.fill('*', at, at + needle.length)
        found = true
      }
    }
  }

  return {
    push(chunk) {
      if (needles.length === 0) return chunk
      const data = held.length ? Buffer.concat([held, chunk]) : Buffer.from(chunk)
      blank(data)
      const keep = Math.max(0, ...needles.map((needle) => partialTail(data, needle)))
      held = data.subarray(data.length - keep)
      return data.subarray(0, data.length - keep)
    },
    rest() {
      const data = held
      held = Buffer.alloc(0)
      return data
    },
    get found() {
      return found
    },
  }
}

/** How many bytes at the end of `data` are a proper beginning of `needle`. */
function partialTail(data: Buffer, needle: Buffer): number {
  const first = needle[0] ?? 0
  const from = Math.max(0, data.length - needle.length + 1)
  for (let at = data.indexOf(first, from); at >= 0; at = data.indexOf(first, at + 1)) {
    if (data.subarray(at).equals(needle.subarray(0, data.length - at))) return data.length - at
  }
  return 0
}
