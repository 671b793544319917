import { ENTITIES } from './entities.ts'
import { type Match, matchNeedle } from './match.ts'
import { type Needle, needles } from './needles.ts'
import { introduces, isSign, Readings } from './readings.ts'

const STAR = 0x2a
const BACKSLASH = 0x5c
const AMPERSAND = 0x26

/**
 * Blanks the secrets that we sent upstream, in case the upstream echoes them: no credential reaches
 * the agent's process. They are found in every form in which programs write them into texts:
 * literal, escaped, encoded, in Base64 and in hexadecimal. An upstream that wants to leak a secret
 * has other ways. Blanks have the same length, so that lengths and offsets stay true.
 */
export class Redactor {
  readonly #needles: readonly Needle[]
  /** Two-byte sequences that a needle may begin with, a bit for each. */
  readonly #starts: Uint8Array
  /** Characters that a needle begins with. */
  readonly #firsts = new Set<number>()
  readonly #shortest: number

  constructor(secrets: readonly string[]) {
    this.#needles = needles(secrets)
    // `Buffer.from` takes memory from a pool, which is cheap: each call makes a redactor.
    this.#starts = Buffer.from(ANY_ESCAPE)
    this.#shortest = Math.min(...this.#needles.map(({ codes }) => codes.length))
    for (const each of this.#needles) this.#mark(each)
  }

  /** Redactor of one answer that comes in pieces. */
  stream(): RedactedStream {
    return new RedactedStream((held, whole) => this.#blank(held, whole), this.#needles.length === 0)
  }

  /** Checks whether the text holds any secret. */
  finds(text: string): boolean {
    return this.text(text) !== text
  }

  text(text: string): string {
    if (text.length < this.#shortest) return text
    const bytes = Buffer.from(text)
    const { blanked } = this.#blank(bytes, true)
    return blanked === bytes ? text : blanked.toString()
  }

  #mark({ codes, others, wraps }: Needle): void {
    const first = codes[0] ?? 0
    const second = codes[1]
    const other = others[first]
    for (const code of other ? [first, other] : [first]) {
      this.#firsts.add(code)
      for (const start of SIGN_ESCAPES.get(code) ?? NONE) set(this.#starts, start)
      if (introduces(code) || second === undefined)
        for (let any = 0; any < 64; any++) set(this.#starts, pair(code, any))
      else {
        set(this.#starts, pair(code, second))
        set(this.#starts, pair(code, others[second] || second))
        for (const next of INTRODUCERS) set(this.#starts, pair(code, next))
        if (wraps) for (const next of BREAKS) set(this.#starts, pair(code, next))
      }
    }
  }

  /**
   * Blanks the secrets in `data`, in a copy if there are any, and says how many bytes from its
   * beginning are known to be safe.
   */
  #blank(data: Buffer, whole: boolean): { blanked: Buffer; known: number } {
    let blanked = data
    const starts = this.#starts
    const last = data.length - 1
    for (let at = 0, next = data[0] ?? 0; at <= last; at++) {
      const byte = next
      next = data[at + 1] ?? 0
      // The last byte has no second one: it may begin anything.
      if (at < last && !has(starts, pair(byte, next))) continue
      const found = this.#at(data, at, whole)
      if (found === undefined) continue
      if (found === 'cut') return { blanked, known: at }
      if (blanked === data) blanked = Buffer.from(data)
      blanked.fill(STAR, at, found.end)
      at = found.end - 1
      next = data[found.end] ?? 0
    }
    return { blanked, known: data.length }
  }

  #at(data: Buffer, at: number, whole: boolean): Match {
    const byte = data[at] ?? 0
    const escaped = introduces(byte)
    if (escaped) {
      READINGS.read(data, at)
      let begins = READINGS.cut
      for (const code of READINGS.codes) begins ||= this.#firsts.has(code)
      if (!begins) return undefined
    }
    let end = 0
    for (const needle of this.#needles) {
      if (!escaped && !mayBegin(needle, byte, data[at + 1])) continue
      const found = matchNeedle(needle, data, at, whole)
      // Another one that may be longer is waited for.
      if (found === 'cut') return 'cut'
      if (found) end = Math.max(end, found.end)
    }
    return end > 0 ? { end } : undefined
  }
}

/**
 * Checks whether a needle may begin with these two bytes, of which the first is no escape. `next`
 * is `undefined` when the data ends.
 */
function mayBegin({ codes, others }: Needle, byte: number, next: number | undefined): boolean {
  const first = codes[0] ?? 0
  const second = codes[1] ?? 0
  if (byte !== first && byte !== others[first]) return false
  if (next === undefined || next === second || next === others[second] || codes.length === 1)
    return true
  return introduces(next) || BREAKS.includes(next)
}

const READINGS = new Readings()

const INTRODUCERS = Uint8Array.from(Buffer.from('\\%&'))
const BREAKS = Uint8Array.from(Buffer.from('\r\n'))

const NONE: readonly number[] = []

/** Index of two bytes, by their lower six bits. */
function pair(first: number, second: number): number {
  return ((first & 63) << 6) | (second & 63)
}

/** Notes a pair among the bits. */
function set(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7))
}

function has(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
}

/** Byte pairs that the escape of a letter, a digit or another escape begins with. */
const ANY_ESCAPE = new Uint8Array((64 * 64) / 8)
for (const two of ['\\\\', '\\u', '\\x', '%2', '%3', '%4', '%5', '%6', '%7', '&#', '&a', '&A'])
  set(ANY_ESCAPE, pair(two.charCodeAt(0), two.charCodeAt(1)))

/** Byte pairs that the escape of a sign begins with, by the sign. */
const SIGN_ESCAPES = new Map<number, number[]>()
for (let code = 0; code < 128; code++)
  if (isSign(code)) SIGN_ESCAPES.set(code, [pair(BACKSLASH, code)])
for (const [name, code] of ENTITIES)
  SIGN_ESCAPES.get(code)?.push(pair(AMPERSAND, name.charCodeAt(0)))

const EMPTY: Buffer = Buffer.alloc(0)

export class RedactedStream {
  readonly #blank: (data: Buffer, whole: boolean) => { blanked: Buffer; known: number }
  readonly #idle: boolean
  #held = EMPTY

  constructor(
    blank: (data: Buffer, whole: boolean) => { blanked: Buffer; known: number },
    idle: boolean,
  ) {
    this.#blank = blank
    this.#idle = idle
  }

  /**
   * Returns the bytes that are known not to begin a secret; the rest is held back until they are.
   */
  push(chunk: Buffer): Buffer {
    if (this.#idle) return chunk
    const data = this.#held.length ? Buffer.concat([this.#held, chunk]) : chunk
    const { blanked, known } = this.#blank(data, false)
    // A copy, so that a few bytes do not keep a large chunk.
    this.#held = known === data.length ? EMPTY : Buffer.from(data.subarray(known))
    return blanked.subarray(0, known)
  }

  rest(): Buffer {
    if (this.#held.length === 0) return EMPTY
    const { blanked } = this.#blank(this.#held, true)
    this.#held = EMPTY
    return blanked
  }
}
