import { ExactNumber, type Json } from './json-value.ts'
import { Problem } from './problem.ts'

/** Names with a meaning in JavaScript prototypes, or in Cedar's JSON form of entities and extension calls. All begin with `__`. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', '__entity', '__extn', '__expr'])
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
/** Items of a value that is no list; nothing is ever put there. */
const NO_ITEMS: Json[] = []

/** A list or an object that was begun and has not ended. */
interface OpenContainer {
  readonly outer: OpenContainer | undefined
  /** Members of an object; `undefined`: it is a list. */
  readonly members: Map<string, Json> | undefined
  readonly items: Json[]
  /** Name of the member whose value comes next; of an object. */
  name: string
}

/** Reads one document in one pass, without back-tracking and without recursion, so that it can stop between two values and go on later. */
export class JsonParser {
  readonly #text: string
  readonly #maxDepth: number
  readonly #most: number
  readonly #allowed: readonly string[]
  #values = 0
  #at = 0
  #depth = 0
  #open: OpenContainer | undefined
  #document: Json = null
  #isRead = false

  /**
   * Makes a parser. `most`: maximum of values, each list, object and scalar counted, and by what they take: one more
   * for each object, and for each name of a member.
   */
  constructor(text: string, depth: number, most: number, allowed: readonly string[] = []) {
    this.#text = text
    this.#maxDepth = depth
    this.#most = most
    this.#allowed = allowed
  }

  /** Reads all of the document, or the rest of it. */
  document(): Json {
    this.advance(Number.POSITIVE_INFINITY)
    return this.#document
  }

  /** Reads until about so many values more are counted. Answers whether that was the end of the document, or it had ended before. */
  advance(values: number): boolean {
    if (this.#isRead) return true
    const until = this.#values + values
    while (this.#values < until) {
      const value = this.#value()
      if (value === undefined || !this.#put(value)) continue
      this.#space()
      if (this.#at < this.#text.length) throw this.#malformed('something follows the value')
      this.#isRead = true
      return true
    }
    return false
  }

  /** Reads a value; `undefined`: one was begun that has members or items. */
  #value(): Json | undefined {
    this.#count()
    this.#space()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
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

  /** Puts a whole value where it belongs, and what it ends there. Answers whether it is the document. */
  #put(value: Json): boolean {
    let whole = value
    for (let open = this.#open; open; open = open.outer) {
      const { items, members } = open
      if (members) members.set(open.name, whole)
      else items.push(whole)
      if (!this.#ends(members ? '}' : ']')) {
        this.#skip(COMMA, members ? 'expected , or }' : 'expected , or ]')
        if (members) open.name = this.#name(members)
        this.#open = open
        return false
      }
      this.#depth--
      whole = members ?? items
    }
    this.#open = undefined
    this.#document = whole
    return true
  }

  /** Bounds the time of a turn, and the memory. */
  #count(): void {
    if (++this.#values > this.#most)
      throw new Problem('input.too_large', `more than ${this.#most} values`)
  }

  /** Bounds the depth: readers of the result go down by recursion. */
  #deeper(): void {
    if (this.#depth >= this.#maxDepth)
      throw new Problem('input.too_deep', `nested deeper than ${this.#maxDepth} at ${this.#at}`)
  }

  #object(): Json | undefined {
    this.#deeper()
    this.#count()
    const members = new Map<string, Json>()
    this.#at++
    if (this.#ends('}')) return members
    const name = this.#name(members)
    this.#depth++
    this.#open = { outer: this.#open, members, items: NO_ITEMS, name }
    return undefined
  }

  #array(): Json | undefined {
    this.#deeper()
    const items: Json[] = []
    this.#at++
    if (this.#ends(']')) return items
    this.#depth++
    this.#open = { outer: this.#open, members: undefined, items, name: '' }
    return undefined
  }

  #name(members: ReadonlyMap<string, Json>): string {
    this.#space()
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

  #string(): string {
    const start = ++this.#at
    let isPlain = true
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === QUOTE) break
      if (code === BACKSLASH) {
        isPlain = false
        this.#at += 2
      } else if (code >= 0x20) {
        this.#at++
      } else {
        // Includes NaN, which is what charCodeAt gives at the end of the text.
        throw this.#malformed('a string is not closed or contains a control character')
      }
    }
    const written = this.#text.slice(start, this.#at++)
    return isPlain ? written : this.#unescaped(written, start)
  }

  /** Reads the escapes of a string. ECMAScript's own reader takes those of RFC 8259 and no others, in a fifth of the time. */
  #unescaped(written: string, start: number): string {
    const end = this.#at
    this.#at = start
    let text: string
    try {
      text = JSON.parse(`"${written}"`)
    } catch {
      throw this.#malformed('unknown escape in the string')
    }
    if (text.includes('\0')) throw this.#malformed('U+0000 in the string')
    if (!text.isWellFormed()) throw this.#malformed('a lone surrogate in the string')
    this.#at = end
    return text
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
