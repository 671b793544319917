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
