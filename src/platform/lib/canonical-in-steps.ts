import { type Canonical, CanonicalText, canonicalJson } from './canonical-json.ts'
import { runInSteps, type SlicedWork } from './in-steps.ts'
import { ExactNumber, isObject, type Json, type JsonObject } from './json.ts'

/** Values that are written in one turn: a millisecond or two. */
const AT_ONCE = 8_192
/** Characters of the text of an object or a list that is kept. Shorter ones are written again. */
const WORTH_KEEPING = 32_768
/** Members among which texts are looked for: messages have few, and one of them is large. */
const FEW = 8

/** Texts that were written in steps, of values that do not change. */
const WRITTEN = new WeakMap<object, CanonicalText>()
let isAnyWritten = false

/** Writes the canonical form of a long value in slices, between which others get their turn, and keeps the text of it and of its long parts for `asWritten`. */
export function writeCanonicalInSteps(value: Json): Promise<string> {
  return runInSteps(canonicalSlices(value))
}

/** Puts the text in place of a value that was written in steps, and of its members; else it is the value itself. */
export function asWritten(value: Canonical): Canonical {
  if (!isAnyWritten || typeof value !== 'object' || value === null) return value
  const text = WRITTEN.get(value)
  if (text || !(value instanceof Map) || value.size > FEW) return text ?? value
  return new Map(Array.from(value, ([name, member]) => [name, writtenText(member) ?? member]))
}

function writtenText(value: Canonical): CanonicalText | undefined {
  return typeof value === 'object' && value !== null ? WRITTEN.get(value) : undefined
}

/** A long list or object, and where its text is in the whole. */
interface LongPart {
  readonly value: object
  readonly from: number
  readonly to: number
}

/** Writes the canonical form in slices: what `canonicalJson` writes. */
export function* canonicalSlices(value: Json): SlicedWork<string> {
  const writer = new Writer()
  yield* writer.write(value)
  const text = writer.text
  for (const { from, to, value: part } of writer.long)
    WRITTEN.set(part, new CanonicalText(text.slice(from, to)))
  isAnyWritten ||= writer.long.length > 0
  return text
}

class Writer {
  readonly #texts: string[] = []
  readonly long: LongPart[] = []
  #text = ''
  /** Characters before `#text`. */
  #before = 0
  #left = AT_ONCE

  get text(): string {
    return this.#texts.join('') + this.#text
  }

  *write(value: Json): SlicedWork<void> {
    if (--this.#left < 0) yield* this.#pause()
    const isList = Array.isArray(value)
    if (!isList && !isObject(value)) {
      this.#text += canonicalJson(value)
      return
    }
    const from = this.#before + this.#text.length
    if (isObject(value)) yield* this.#members(value)
    else yield* this.#items(value)
    const to = this.#before + this.#text.length
    if (to - from > WORTH_KEEPING) this.long.push({ value, from, to })
  }

  *#items(items: readonly Json[]): SlicedWork<void> {
    let before = '['
    for (const item of items) {
      this.#text += before
      before = ','
      if (isPlain(item) && --this.#left >= 0) this.#text += canonicalJson(item)
      else yield* this.write(item)
    }
    this.#text += items.length === 0 ? '[]' : ']'
  }

  *#members(value: JsonObject): SlicedWork<void> {
    let before = '{'
    for (const name of yield* this.#sorted([...value.keys()])) {
      const member = value.get(name) ?? null
      this.#text += `${before}${canonicalJson(name)}:`
      before = ','
      if (isPlain(member) && --this.#left >= 0) this.#text += canonicalJson(member)
      else yield* this.write(member)
    }
    this.#text += value.size === 0 ? '{}' : '}'
  }

  /** Sorts names in slices: each run by itself, and then two and two together. */
  *#sorted(names: readonly string[]): SlicedWork<readonly string[]> {
    let runs: (readonly string[])[] = []
    for (let at = 0; at < names.length; at += AT_ONCE) {
      if (at > 0) yield* this.#pause()
      runs.push(names.slice(at, at + AT_ONCE).sort())
    }
    while (runs.length > 1) {
      const merged: (readonly string[])[] = []
      for (let i = 0; i < runs.length; i += 2)
        merged.push(yield* this.#merged(runs[i] ?? [], runs[i + 1] ?? []))
      runs = merged
    }
    return runs[0] ?? []
  }

  *#merged(one: readonly string[], other: readonly string[]): SlicedWork<readonly string[]> {
    const merged: string[] = []
    for (let i = 0, j = 0; i < one.length || j < other.length; ) {
      if (--this.#left < 0) yield* this.#pause()
      const [a, b] = [one[i], other[j]]
      if (b === undefined || (a !== undefined && a < b)) {
        merged.push(a ?? '')
        i++
      } else {
        merged.push(b)
        j++
      }
    }
    return merged
  }

  *#pause(): SlicedWork<void> {
    this.#texts.push(this.#text)
    this.#before += this.#text.length
    this.#text = ''
    this.#left = AT_ONCE
    yield
  }
}

function isPlain(value: Json): boolean {
  return typeof value !== 'object' || value === null || value instanceof ExactNumber
}
