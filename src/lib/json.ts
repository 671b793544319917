/**
 * Strict JSON: RFC 8259 in strict UTF-8, and less. What is read here is decided on, hashed, shown to people and sent
 * on, so nothing may be left that two parsers read differently: no repeated member names, no lone surrogates, no byte
 * order mark, no U+0000 (C strings end there, and PostgreSQL cannot store it), no number that became a float on the
 * way. Member names with a meaning in JavaScript prototypes or in Cedar's JSON are refused at any depth.
 * `constructor` and its like are ordinary names: objects become Maps.
 */
import { Problem } from './problem.ts'

/** A number as it was written. Never passes through a JavaScript number. */
export class ExactNumber {
  readonly text: string
  /** @throws TypeError when the text is not a JSON number (RFC 8259 section 6). */
  constructor(text: string) {
    if (!NUMBER.test(text)) throw new TypeError('not a JSON number')
    this.text = text
  }
}

export type Json =
  | null
  | boolean
  | string
  | ExactNumber
  | readonly Json[]
  | ReadonlyMap<string, Json>

export interface JsonLimits {
  /** Of the UTF-8 form. Default 1 MiB. */
  bytes?: number
  /** Of nested arrays and objects; at most, and by default, 64. */
  depth?: number
}

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/
const MOST_BYTES = 1024 * 1024
const MOST_DEPTH = 64
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', '__entity', '__extn', '__expr'])

/**
 * Reads one JSON text. Time and memory are linear in its length.
 * @throws Problem `input.malformed`, `input.too_large`, `input.too_deep`, `input.duplicate_key`, `input.forbidden_key`;
 * details give positions (in characters), never content.
 */
export function parseJson(input: string | Uint8Array, limits: JsonLimits = {}): Json {
  const most = limits.bytes ?? MOST_BYTES
  const size = typeof input === 'string' ? Buffer.byteLength(input) : input.byteLength
  if (size > most) throw new Problem('input.too_large', `${size} bytes, ${most} at most`)
  const text = typeof input === 'string' ? input : decode(input)
  if (!text.isWellFormed()) throw new Problem('input.malformed', 'not well-formed Unicode')
  if (text.startsWith('\ufeff'))
    throw new Problem('input.malformed', 'starts with a byte order mark')
  return new Parser(text, Math.min(limits.depth ?? MOST_DEPTH, MOST_DEPTH)).document()
}

/** Member order kept, numbers as they came, no white space. The inverse of `parseJson`. */
export function printJson(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (value instanceof ExactNumber) return value.text
  if (isList(value)) return `[${value.map(printJson).join(',')}]`
  const members = Array.from(value, ([name, item]) => `${JSON.stringify(name)}:${printJson(item)}`)
  return `{${members.join(',')}}`
}

/** `Array.isArray` does not narrow read-only arrays. */
function isList(value: readonly Json[] | ReadonlyMap<string, Json>): value is readonly Json[] {
  return Array.isArray(value)
}

function decode(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes)
  } catch (cause) {
    throw new Problem('input.malformed', 'not UTF-8', { cause })
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

class Parser {
  readonly #text: string
  readonly #depth: number
  #at = 0

  constructor(text: string, depth: number) {
    this.#text = text
    this.#depth = depth
  }

  document(): Json {
    const value = this.#value(0)
    this.#space()
    if (this.#at < this.#text.length) throw this.#malformed('something follows the value')
    return value
  }

  #value(depth: number): Json {
    this.#space()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(this.#deeper(depth))
      case '[':
        return this.#array(this.#deeper(depth))
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  /** Bounds the recursion, so that input cannot exhaust the stack. */
  #deeper(depth: number): number {
    if (depth >= this.#depth)
      throw new Problem('input.too_deep', `nested deeper than ${this.#depth} at ${this.#at}`)
    return depth + 1
  }

  #object(depth: number): ReadonlyMap<string, Json> {
    const members = new Map<string, Json>()
    this.#at++
    if (this.#ends('}')) return members
    for (;;) {
      this.#space()
      members.set(this.#name(members), this.#value(depth))
      if (this.#ends('}')) return members
      this.#skip(COMMA, 'expected , or }')
    }
  }

  #name(members: ReadonlyMap<string, Json>): string {
    const start = this.#at
    if (this.#text.charCodeAt(start) !== QUOTE) throw this.#malformed('expected a member name')
    const name = this.#string()
    if (FORBIDDEN_NAMES.has(name))
      throw new Problem('input.forbidden_key', `${name} at ${start} is not allowed`)
    if (members.has(name))
      throw new Problem('input.duplicate_key', `the member name at ${start} is a repetition`)
    this.#space()
    this.#skip(COLON, 'expected :')
    return name
  }

  #array(depth: number): readonly Json[] {
    const items: Json[] = []
    this.#at++
    if (this.#ends(']')) return items
    for (;;) {
      items.push(this.#value(depth))
      if (this.#ends(']')) return items
      this.#skip(COMMA, 'expected , or ]')
    }
  }

  #string(): string {
    let from = ++this.#at
    let decoded = ''
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === QUOTE) break
      if (code === BACKSLASH) {
        decoded += this.#text.slice(from, this.#at) + this.#escape()
        from = this.#at
      } else if (code >= 0x20) {
        this.#at++
      } else {
        // Includes NaN, which is what charCodeAt gives at the end of the text.
        throw this.#malformed('a string is not closed or contains a control character')
      }
    }
    const rest = this.#text.slice(from, this.#at++)
    if (decoded === '') return rest
    decoded += rest
    if (!decoded.isWellFormed()) throw this.#malformed('a string contains a lone surrogate')
    return decoded
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? ''
    if (letter !== 'u') {
      const character = ESCAPES[letter]
      if (character === undefined) throw this.#malformed('unknown escape')
      this.#at += 2
      return character
    }
    const digits = this.#text.slice(this.#at + 2, this.#at + 6)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#malformed('unknown escape')
    if (digits === '0000') throw this.#malformed('a string contains U+0000')
    this.#at += 6
    return String.fromCharCode(Number.parseInt(digits, 16))
  }

  #word<T extends Json>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#malformed('unexpected character')
    this.#at += word.length
    return value
  }

  #number(): ExactNumber {
    const start = this.#at
    while (isNumberCharacter(this.#text.charCodeAt(this.#at))) this.#at++
    const digits = this.#text.slice(start, this.#at)
    if (!NUMBER.test(digits)) {
      this.#at = start
      throw this.#malformed(start < this.#text.length ? 'unexpected character' : 'unexpected end')
    }
    return new ExactNumber(digits)
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }

  /** Skips white space, and the bracket when it is there. */
  #ends(bracket: ']' | '}'): boolean {
    this.#space()
    if (this.#text[this.#at] !== bracket) return false
    this.#at++
    return true
  }

  #skip(code: number, otherwise: string): void {
    if (this.#text.charCodeAt(this.#at) !== code) throw this.#malformed(otherwise)
    this.#at++
  }

  #malformed(what: string): Problem {
    return new Problem('input.malformed', `${what} at ${this.#at}`)
  }
}

/** Digits, sign, point and exponent: `0-9 + - . E e`. */
function isNumberCharacter(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2b ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x45 ||
    code === 0x65
  )
}
