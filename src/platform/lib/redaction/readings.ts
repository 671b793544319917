import { ENTITIES, MAX_ENTITY } from './entities.ts'

const BACKSLASH = 0x5c
const PERCENT = 0x25
const AMPERSAND = 0x26
const SEMICOLON = 0x3b
const HASH = 0x23
const ZERO = 0x30
const U = 0x75
const X = 0x78

/** Maximum layers of escapes that are followed, for text that was escaped repeatedly. */
const MAX_LAYERS = 4
/** Maximum backslashes before one character: each layer doubles them. */
const MAX_BACKSLASHES = 2 ** MAX_LAYERS
const MAX_ZEROS = 6

/** Checks whether a character may be written by several bytes that begin with this one. */
export function introduces(byte: number): boolean {
  return byte === BACKSLASH || byte === PERCENT || byte === AMPERSAND
}

/**
 * ASCII characters that the bytes from one place on may stand for, and where each ends: literal,
 * escaped as in JSON and programming languages, percent-encoded, as an entity of HTML, and each of
 * these escaped a few times over. One object serves many places, so that a long answer makes no
 * garbage.
 */
export class Readings {
  readonly codes: number[] = []
  readonly ends: number[] = []
  /** True when the data ends before all readings are known. */
  cut = false
  #bytes: Uint8Array = new Uint8Array()
  #at = 0

  read(bytes: Uint8Array, from: number): void {
    this.codes.length = 0
    this.ends.length = 0
    this.cut = false
    this.#bytes = bytes
    this.#at = from
    const byte = this.#next()
    if (byte < 0) return
    this.#at++
    this.#add(byte)
    if (byte === BACKSLASH) this.#backslash()
    else if (byte === PERCENT) this.#percent()
    else if (byte === AMPERSAND) this.#ampersand()
  }

  #add(code: number): void {
    this.codes.push(code)
    this.ends.push(this.#at)
  }

  /** Reads the next byte; -1 behind the end. */
  #next(): number {
    const byte = this.#bytes[this.#at]
    if (byte !== undefined) return byte
    this.cut = true
    return -1
  }

  #backslash(): void {
    let run = 1
    for (; run < MAX_BACKSLASHES && this.#next() === BACKSLASH; run++) {
      this.#at++
      // Each layer writes a backslash as two.
      if (((run + 1) & run) === 0) this.#add(BACKSLASH)
    }
    const sign = this.#next()
    this.#at++
    if (sign === U || sign === X) {
      const digits = sign === U ? 4 : 2
      const code = this.#number(16, digits, digits)
      if (code >= 0) this.#add(code)
    } else if (isSign(sign) && sign !== BACKSLASH) this.#add(sign)
    // A letter behind a backslash is another character, such as the end of a line.
  }

  #percent(): void {
    for (let layer = 0; layer < MAX_LAYERS; layer++) {
      const began = this.#at
      const code = this.#number(16, 2, 2)
      if (code >= 0) this.#add(code)
      if (code !== PERCENT) return
      this.#at = began + 2
    }
  }

  #ampersand(): void {
    for (let layer = 0; layer < MAX_LAYERS; layer++) {
      const code = this.#next() === HASH ? this.#numeric() : this.#named()
      if (code >= 0) this.#add(code)
      if (code !== AMPERSAND) return
    }
  }

  #numeric(): number {
    this.#at++
    const hexadecimal = (this.#next() | 0x20) === X
    if (hexadecimal) this.#at++
    for (let zeros = 0; zeros < MAX_ZEROS && this.#next() === ZERO; zeros++) this.#at++
    const code = this.#number(hexadecimal ? 16 : 10, 1, 3)
    // Browsers forgive a missing semicolon.
    if (code >= 0 && this.#next() === SEMICOLON) this.#at++
    return code
  }

  #named(): number {
    const began = this.#at
    let letter = this.#next()
    for (; isLetter(letter) && this.#at - began < MAX_ENTITY; letter = this.#next()) this.#at++
    if (letter !== SEMICOLON || this.#at === began) return -1
    const name = String.fromCharCode(...this.#bytes.subarray(began, this.#at))
    this.#at++
    return ENTITIES.get(name) ?? -1
  }

  /** Reads a number of `least` to `most` digits; -1 when there are others. */
  #number(base: 10 | 16, least: number, most: number): number {
    let value = 0
    let digits = 0
    for (; digits < most; digits++) {
      const digit = digitOf(this.#next())
      if (digit < 0 || digit >= base) break
      value = value * base + digit
      this.#at++
    }
    return digits < least ? -1 : value
  }
}

function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return byte > 0 && letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1
}

function isLetter(byte: number): boolean {
  const letter = byte | 0x20
  return byte > 0 && letter >= 0x61 && letter <= 0x7a
}

/** Checks for printable ASCII that is neither letter nor digit. */
export function isSign(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && !isLetter(byte) && digitOf(byte) < 0
}
