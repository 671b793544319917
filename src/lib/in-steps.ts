import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'

/** Items that are gone through before others get their turn: a millisecond or two of what is done to actions. */
const AT_ONCE = 25

/**
 * `list.map(make)` for lists that may be long: after some items others get their turn, because this thread answers calls. What `make`
 * looks at must not change meanwhile.
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

/** Characters that are digested before others get their turn: a millisecond or two. */
const CHARACTERS_AT_ONCE = 1_048_576

/** `sha256url` of a text that may be long, and is well-formed. Others get their turn first, too: whoever made the text took time for it. */
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
