import type { Needle } from './needles.ts'
import { introduces, Readings } from './readings.ts'

const CR = 0x0d
const LF = 0x0a
const BACKSLASH = 0x5c
const N = 0x6e
const R = 0x72

/**
 * Result of a match. `end`: the place where the needle ends. `cut`: the data ends before the result
 * is known. `undefined`: no match.
 */
export type Match = { readonly end: number } | 'cut' | undefined

const READINGS = new Readings()

/**
 * Checks whether the needle begins at `from`, each of its characters in any spelling. A character
 * that introduces escapes may end in several places, so all of them are followed. `whole`: nothing
 * comes behind these bytes.
 */
export function matchNeedle(
  needle: Needle,
  bytes: Uint8Array,
  from: number,
  whole: boolean,
): Match {
  const { codes, others, wraps } = needle
  const plain = plainly(needle, bytes, from)
  if (plain === codes.length) return { end: from + plain }
  let places = [from + plain]
  let cut = false
  for (let i = plain; i < codes.length; i++) {
    const ends = new Set<number>()
    for (const place of places) {
      READINGS.read(bytes, wraps && i > 0 ? behindBreak(bytes, place) : place)
      cut ||= READINGS.cut && !whole
      for (const [j, code] of READINGS.codes.entries())
        if (code === codes[i] || code === others[codes[i] ?? 0]) ends.add(READINGS.ends[j] ?? 0)
    }
    if (ends.size === 0) return cut ? 'cut' : undefined
    places = [...ends]
  }
  // An escape may go on, and the match with it.
  return cut ? 'cut' : { end: Math.max(...places) }
}

/** Counts the characters that match literally, up to the first that may be written otherwise. */
function plainly({ codes, others }: Needle, bytes: Uint8Array, from: number): number {
  let i = 0
  for (; i < codes.length; i++) {
    const byte = bytes[from + i]
    const code = codes[i] ?? 0
    if (byte === undefined || (byte !== code && byte !== others[code]) || introduces(byte)) break
  }
  return i
}

/**
 * Position behind one line break, literal or escaped; `at` itself where there is none, and the end
 * of the data where it ends within one.
 */
function behindBreak(bytes: Uint8Array, at: number): number {
  let to = at
  if (bytes[to] === CR) to++
  else if (bytes[to] === BACKSLASH && bytes[to + 1] === R) to += 2
  if (bytes[to] === LF) return to + 1
  if (bytes[to] === BACKSLASH && bytes[to + 1] === N) return to + 2
  const left = bytes.length - to
  return to > at && (left === 0 || (left === 1 && bytes[to] === BACKSLASH)) ? bytes.length : at
}
