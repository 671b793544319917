/**
 * Minimum length of a secret that is also searched in encodings. Shorter ones are searched
 * literally only: too much else would look like their encoding.
 */
const MIN_ENCODED = 8

/**
 * Maximum length that is searched in encodings. Only the end of a longer secret, such as a token,
 * is searched: without it the rest is worth nothing.
 */
const MAX_ENCODED = 96

/** One text to search for: for each position the characters that may stand there. */
export interface Needle {
  readonly codes: Uint8Array
  /** Table that gives, for a character, the other one that may stand in its place; 0 for none. */
  readonly others: Uint8Array
  /** True when line breaks may stand within it, as encodings are printed. */
  readonly wraps: boolean
}

/**
 * Texts that data may not hold: each secret literally, in Base64 (both alphabets) wherever it
 * begins in a group of three bytes, and in hexadecimal.
 * INVARIANT: a text that is searched has at most the length of a credential, so the number of bytes
 * that are held back is bounded.
 */
export function needles(secrets: readonly string[]): readonly Needle[] {
  const [only, another] = secrets
  if (only && another === undefined) return needlesOf(only)
  return [...new Set(secrets)].filter((secret) => secret !== '').flatMap(needlesOf)
}

function needlesOf(secret: string): Needle[] {
  const plain = needle(secret, FORM, false)
  if (secret.length < MIN_ENCODED) return [plain]
  const bytes = Buffer.from(secret.slice(-MAX_ENCODED))
  const hex = bytes.toString('hex')
  return [
    plain,
    ...[0, 1, 2].map((before) => needle(base64Behind(bytes, before), BASE64URL, true)),
    needle(hex, HEX, true),
  ]
}

const BASE64URL = others('+-', '/_')
const HEX = others('aA', 'bB', 'cC', 'dD', 'eE', 'fF')
/** Characters of a form, which writes a space as a plus. */
const FORM = others(' +')

/** Table that gives, for a character, the other one that may stand for it. */
function others(...pairs: readonly string[]): Uint8Array {
  const table = new Uint8Array(256)
  for (const pair of pairs) table[pair.charCodeAt(0)] = pair.charCodeAt(1)
  return table
}

/**
 * The characters of its Base64 that do not depend on the bytes around it, when `before` (modulo 3)
 * bytes precede it.
 */
function base64Behind(bytes: Buffer, before: number): string {
  const length = before + bytes.length
  // The engine's own encoder needs real bytes before: which ones does not matter.
  const whole = Buffer.allocUnsafe(length)
  bytes.copy(whole.fill(0, 0, before), before)
  const from = Math.ceil((before * 8) / 6)
  const to = Math.floor((length * 8) / 6)
  return whole.toString('base64').slice(from, to)
}

function needle(text: string, others: Uint8Array, wraps: boolean): Needle {
  return { codes: Buffer.from(text), others, wraps }
}
