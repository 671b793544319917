import { hash, timingSafeEqual } from 'node:crypto'

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/**
 * Strict RFC 4648 section 5 decoding without padding; `undefined` for anything that would not encode
 * back to the same text: that is every character outside the alphabet, too.
 */
export function fromBase64url(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

export function sha256(data: string | Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer')
}

/** SHA-256 as base64url, the form in which hashes appear in tokens, records and pages. */
export function sha256url(data: string | Uint8Array): string {
  return hash('sha256', data, 'base64url')
}

/** SHA-256 as programs of the command line print it, for people who compare what they downloaded. */
export function sha256hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex')
}

/** Compares secrets without telling by timing where they differ; different lengths are unequal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b)
}
