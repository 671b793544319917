import { ExactNumber, type Json } from './json-value.ts'
import { Problem } from './problem.ts'

/** Names with a meaning in JavaScript prototypes, or in Cedar's JSON form of entities and extension calls. All begin with `__`. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', '__entity', '__extn', '__expr'])
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

/** Recursive descent, one pass, no back-tracking. */
export class JsonParser {
  readonly #text: string
  readonly #depth: number
  readonly #most: number
  readonly #allowed: readonly string[]
  #values = 0
  #at = 0

  /**
   * Makes a parser. `most`: maximum of values, each list, object and scalar counted, and by what they take: one more
   * for each object, and for each name of a member.
   */
  constructor(text: string, depth: number, most: number, allowed: readonly string[] = []) {
    this.#text = text
    this.#depth = depth
    this.#most = most
    this.#allowed = allowed
  }

  document(): Json {
    const value = this.#value(0)
    this.#space()
    if (this.#at < this.#text.length) throw this.#malformed('something follows the value')
    return value
  }

  #value(depth: number): Json {
    this.#count()
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

  /** Bounds the time of a turn, and the memory. */
  #count(): void {
    if (++this.#values > this.#most)
      throw new Problem('input.too_large', `more than ${this.#most} values`)
  }

  /** Bounds the recursion, so that input cannot exhaust the stack. */
  #deeper(depth: number): number {
    if (depth >= this.#depth)
      throw new Problem('input.too_deep', `nested deeper than ${this.#depth} at ${this.#at}`)
    return depth + 1
  }

  #object(depth: number): ReadonlyMap<string, Json> {
    this.#count()
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
    this.#count()
    const start = this.#at
    if (this.#text.charCodeAt(start) !== QUOTE) throw this.#malformed('expected a member name')
    const name = this.#string()
    if (name.startsWith('__') && FORBIDDEN_NAMES.has(name) && !this.#allowed.includes(name))
      throw new Problem('input.forbidden_key', `${name} at ${start} is not allowed`)
    if (members.has(name))
      throw new Problem('input.duplicate_key', `the member name at ${start} is a duplicate`)
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
    try {
      return new ExactNumber(digits)
    } catch {
      this.#at = start
      throw this.#malformed(start < this.#text.length ? 'unexpected character' : 'unexpected end')
    }
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
