import { ApiRefusal } from './answer.ts'

/** A number as it was written: never a JavaScript number, which would lose digits. */
export class ExactNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** JSON without loss: objects as Maps, numbers as text. */
export type ExactJson =
  | string
  | boolean
  | null
  | ExactNumber
  | readonly ExactJson[]
  | ReadonlyMap<string, ExactJson>

const MAX_DEPTH = 64
/** Names with a meaning in JavaScript prototypes or in policies, refused by Remit too. */
const FORBIDDEN = new Set(['__proto__', '__entity', '__extn', '__expr'])
const SPACE = /[ \n\r\t]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: what RFC 8259 forbids within strings
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y

/**
 * Reads one JSON text strictly: what two parsers could read differently (repeated names, lone surrogates, a byte order mark) is
 * refused, so that what was compared is what the handler gets.
 * @throws {ApiRefusal} `input.…`
 */
export function readExactJson(text: string): ExactJson {
  const reader = new Reader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  end(): void {
    this.#take(SPACE)
    if (this.#at < this.#text.length) throw this.#malformed()
  }

  value(depth: number): ExactJson {
    this.#take(SPACE)
    const first = this.#text[this.#at]
    if (first === '{') return this.#object(depth + 1)
    if (first === '[') return this.#array(depth + 1)
    if (first === '"') return this.#string()
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue
      this.#at += word.length
      return value
    }
    const number = this.#take(NUMBER)
    if (!number) throw this.#malformed()
    return new ExactNumber(number)
  }

  #object(depth: number): ReadonlyMap<string, ExactJson> {
    this.#enter(depth)
    const members = new Map<string, ExactJson>()
    while (!this.#closes('}', members.size > 0)) {
      this.#take(SPACE)
      const name = this.#string()
      if (FORBIDDEN.has(name))
        throw new ApiRefusal('input.forbidden_key', `a name at ${this.#at} is not allowed`)
      if (members.has(name))
        throw new ApiRefusal('input.duplicate_key', `the name at ${this.#at} is a repetition`)
      this.#take(SPACE)
      if (this.#text[this.#at++] !== ':') throw this.#malformed()
      members.set(name, this.value(depth))
    }
    return members
  }

  #array(depth: number): readonly ExactJson[] {
    this.#enter(depth)
    const items: ExactJson[] = []
    while (!this.#closes(']', items.length > 0)) items.push(this.value(depth))
    return items
  }

  /** Bounds the recursion, so that input cannot exhaust the stack. */
  #enter(depth: number): void {
    if (depth > MAX_DEPTH)
      throw new ApiRefusal('input.too_deep', `nested deeper than ${MAX_DEPTH} at ${this.#at}`)
    this.#at++
  }

  /** Takes the bracket, or the comma in front of what comes next. */
  #closes(bracket: '}' | ']', begun: boolean): boolean {
    this.#take(SPACE)
    const next = this.#text[this.#at]
    if (next === bracket) {
      this.#at++
      return true
    }
    if (begun) {
      if (next !== ',') throw this.#malformed()
      this.#at++
    }
    return false
  }

  #string(): string {
    const literal = this.#take(STRING)
    if (!literal) throw this.#malformed()
    const text = String(JSON.parse(literal))
    if (LONE_SURROGATE.test(text) || text.includes('\0')) throw this.#malformed()
    return text
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const [found] = pattern.exec(this.#text) ?? []
    this.#at += found?.length ?? 0
    return found
  }

  #malformed(): ApiRefusal {
    return new ApiRefusal('input.malformed', `not JSON at ${this.#at}`)
  }
}

const WORDS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const
const LONE_SURROGATE = /\p{Surrogate}/u
