import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'

/**
 * Number of items that are processed before others get their turn: a millisecond or two of work on
 * actions.
 */
const AT_ONCE = 25

/**
 * Maps a list that may be long, as `list.map(make)` does: after some items others get their turn,
 * because this thread answers calls. The input of `make` must not change meanwhile.
 */
export async function mapInSteps<In, Out>(
  list: readonly In[],
  make: (item: In) => Out,
): Promise<Out[]> {
  const made: Out[] = []
  for (const [i, item] of list.entries()) {
    if (i > 0 && i % AT_ONCE === 0) await turn()
    made.push(make(item))
  }
  return made
}

/** Work in slices: it yields wherever others may get their turn, and returns what it made. */
export type SlicedWork<T> = Generator<undefined, T, undefined>

/** Does work of which every slice takes a few milliseconds, each in a turn of its own. */
export async function runInSteps<T>(work: SlicedWork<T>): Promise<T> {
  for (;;) {
    const slice = work.next()
    if (slice.done) return slice.value
    await turn()
  }
}

/** Does all slices of work at once. */
export function runAtOnce<T>(work: SlicedWork<T>): T {
  for (;;) {
    const slice = work.next()
    if (slice.done) return slice.value
  }
}

/** Lets others get their turn. */
export function nextTurn(): Promise<void> {
  return turn()
}

/** Characters that are digested before others get their turn: a millisecond or two. */
const CHARACTERS_AT_ONCE = 1_048_576

/**
 * Hashes a text that may be long, and is well-formed, as `sha256url` does. Others get their turn
 * first, too: making the text took time already.
 */
export async function sha256urlInSteps(text: string): Promise<string> {
  const hash = createHash('sha256')
  for (let at = 0; at < text.length; ) {
    await turn()
    const end = at + CHARACTERS_AT_ONCE
    // Half of a surrogate pair would be digested as another character.
    const next = isHighSurrogate(text.charCodeAt(end - 1)) ? end + 1 : end
    hash.update(text.slice(at, next))
    at = next
  }
  return hash.digest('base64url')
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}
