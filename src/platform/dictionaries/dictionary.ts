/** Codes are bytes that JSON text never has: RFC 8259 section 7 escapes control characters. NUL is none, PostgreSQL's text has no place for it. */
const FIRST_CODE = 0x01
const LAST_CODE = 0x1e
/** Stands before a text that has control characters of its own, and is kept as it is. */
const AS_IT_IS = 0x1f
const FIRST_PLAIN = 0x20
const NONE = 0
/** Bytes of UTF-8 that a phrase can have: ASCII. */
const ASCII = 0x80
/** Texts up to this many bytes are coded without memory of their own. */
const SHORT_TEXT = 16_384

/** Maximum of phrases in one dictionary. */
export const MAX_PHRASES = LAST_CODE - FIRST_CODE + 1

/**
 * Static dictionary: phrases that come again and again in JSON texts of one kind, each of which is written as one byte.
 * INVARIANT: a phrase keeps its place. Rows are read for years; new ones go to the end.
 */
export class Dictionary {
  readonly #phrases: readonly Uint8Array[]
  /** Tree of the phrases: for each node and byte the next node, or `NONE`. */
  readonly #next: Uint16Array
  /** Code of the phrase that ends in a node, or `NONE`. */
  readonly #ends: Uint8Array
  readonly #text = Buffer.allocUnsafe(SHORT_TEXT)
  readonly #coded = Buffer.allocUnsafe(SHORT_TEXT + 1)

  constructor(phrases: readonly string[]) {
    if (phrases.length > MAX_PHRASES) throw new Error('a dictionary has too many phrases')
    this.#phrases = phrases.map((phrase) => Buffer.from(phrase))
    const nodes = 1 + this.#phrases.reduce((sum, { length }) => sum + length, 0)
    this.#next = new Uint16Array(nodes * ASCII)
    this.#ends = new Uint8Array(nodes)
    let last = 0
    for (const [i, phrase] of this.#phrases.entries()) {
      let node = 0
      for (const byte of phrase) {
        if (byte < FIRST_PLAIN || byte >= ASCII) throw new Error('a phrase is plain ASCII')
        const at = node * ASCII + byte
        if (this.#next[at] === NONE) this.#next[at] = ++last
        node = this.#next[at] ?? NONE
      }
      this.#ends[node] = FIRST_CODE + i
    }
  }

  /** Codes UTF-8, with memory of its own. At most one byte longer. */
  shorten(bytes: Uint8Array): Uint8Array {
    const room = bytes.length < SHORT_TEXT ? this.#coded : Buffer.allocUnsafe(bytes.length + 1)
    const length = this.#shortenInto(room, bytes)
    const coded = new Uint8Array(length)
    coded.set(room.subarray(0, length))
    return coded
  }

  shortenText(text: string): string {
    const bytes = this.#bytesOf(text)
    const room = bytes.length < SHORT_TEXT ? this.#coded : Buffer.allocUnsafe(bytes.length + 1)
    return room.toString('utf8', 0, this.#shortenInto(room, bytes))
  }

  /** Undoes `shorten`. Bytes that were never shortened stay as they are, unless they have control characters. */
  restore(bytes: Uint8Array): Uint8Array {
    if (bytes[0] === AS_IT_IS) return bytes.subarray(1)
    const length = this.#lengthOf(bytes)
    if (length === bytes.length) return bytes
    const restored = new Uint8Array(length)
    let to = 0
    for (const byte of bytes) {
      const phrase = byte < FIRST_PLAIN ? this.#phraseOf(byte) : undefined
      if (!phrase) restored[to++] = byte
      else {
        restored.set(phrase, to)
        to += phrase.length
      }
    }
    return restored
  }

  restoreText(text: string): string {
    return Buffer.from(this.restore(Buffer.from(text))).toString('utf8')
  }

  /** Writes the code into `room`, and answers its length. The longest phrase wins. */
  #shortenInto(room: Uint8Array, bytes: Uint8Array): number {
    const next = this.#next
    const ends = this.#ends
    const length = bytes.length
    let to = 0
    let from = 0
    while (from < length) {
      const byte = bytes[from] ?? NONE
      if (byte < FIRST_PLAIN) return copyAsItIs(room, bytes)
      let code = byte
      let end = from + 1
      let node = byte < ASCII ? (next[byte] ?? NONE) : NONE
      for (let at = from + 1; node !== NONE && at < length; at++) {
        const following = bytes[at] ?? NONE
        node = following < ASCII ? (next[node * ASCII + following] ?? NONE) : NONE
        const found = ends[node] ?? NONE
        if (found !== NONE) {
          code = found
          end = at + 1
        }
      }
      room[to++] = code
      from = end
    }
    return to
  }

  #lengthOf(bytes: Uint8Array): number {
    let length = bytes.length
    for (const byte of bytes)
      if (byte < FIRST_PLAIN) length += (this.#phraseOf(byte)?.length ?? 1) - 1
    return length
  }

  #phraseOf(code: number): Uint8Array | undefined {
    return this.#phrases[code - FIRST_CODE]
  }

  #bytesOf(text: string): Uint8Array {
    // A UTF-16 unit has at most three bytes.
    if (text.length * 3 >= SHORT_TEXT) return Buffer.from(text)
    return this.#text.subarray(0, this.#text.write(text))
  }
}

function copyAsItIs(room: Uint8Array, bytes: Uint8Array): number {
  room[0] = AS_IT_IS
  room.set(bytes, 1)
  return bytes.length + 1
}
