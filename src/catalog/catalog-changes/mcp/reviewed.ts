import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { isObject, type Json, type JsonObject, parseJson } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { cut, legible } from '../../../platform/lib/text/visible.ts'

/** Bytes of one definition, as text. */
const MAX_BYTES = 64 * 1024
/** Levels of nested objects and lists in one definition. */
const MAX_DEPTH = 32
/** Characters of one title or description. */
const MAX_TEXT = { title: 200, description: 8_192, $comment: 1_024 } as const

export interface ReviewedValue {
  readonly value: JsonObject
  /** RFC 8785 text. */
  readonly json: string
  readonly notes: readonly string[]
}

/**
 * A definition as clients will be shown it: only the members named, and in every title and description nothing that a reader could
 * overlook. Answers the reason, as text, when it cannot be shown at all.
 */
export function review(definition: JsonObject, members: readonly string[]): ReviewedValue | string {
  const review = new Review()
  try {
    const kept = new Map<string, Json>()
    for (const name of members) {
      const value = definition.get(name)
      if (value !== undefined) kept.set(name, review.read(value, name))
    }
    const json = canonicalJson(kept)
    if (json.length > MAX_BYTES) return `its definition is longer than ${MAX_BYTES} characters`
    // The shown definition has to be readable by the strict reader too: no name with a meaning in prototypes or in policies.
    parseJson(json, { bytes: 4 * MAX_BYTES, depth: MAX_DEPTH })
    return { value: kept, json, notes: review.notes }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return `its definition cannot be read in one way: ${error.detail}`
  }
}

class Review {
  readonly notes: string[] = []

  read(value: Json, name: string): Json {
    if (typeof value === 'string')
      return isText(name) ? this.#text(value, name) : this.#value(value)
    if (isObject(value)) {
      const members = new Map<string, Json>()
      for (const [member, inner] of value)
        members.set(this.#value(member), this.read(inner, member))
      return members
    }
    if (Array.isArray(value)) return value.map((item: Json) => this.read(item, ''))
    return value
  }

  #text(text: string, name: keyof typeof MAX_TEXT): string {
    const shown = legible(text)
    if (shown.hidden)
      this.#note('a title or description has characters that cannot be seen; they are written out')
    const most = MAX_TEXT[name]
    if (shown.text.length <= most) return shown.text
    this.#note(`a ${name} is longer than ${most} characters and is cut`)
    return `${cut(shown.text, most - 1)}…`
  }

  /** Names and values mean something to the server: they stay. */
  #value(text: string): string {
    if (!text.isWellFormed()) throw new Problem('input.malformed', 'not well-formed Unicode')
    if (legible(text).hidden)
      this.#note('a name or value in its schema has characters that cannot be seen')
    return text
  }

  #note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text)
  }
}

function isText(name: string): name is keyof typeof MAX_TEXT {
  return Object.hasOwn(MAX_TEXT, name)
}
