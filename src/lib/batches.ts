import { setImmediate as turn } from 'node:timers/promises'
import { deserialize, serialize } from 'node:v8'

/** A long list of plain data on its way from a thread. */
export type Batches = readonly Uint8Array[]

const MOST_IN_BATCH = 25

/** In the thread. One message with a long list in it would be unpacked in one piece where it arrives, whoever waits there. */
export function packList(list: readonly unknown[]): Batches {
  const batches: Uint8Array[] = []
  for (let i = 0; i < list.length; i += MOST_IN_BATCH)
    batches.push(serialize(list.slice(i, i + MOST_IN_BATCH)))
  return batches
}

/** Where calls are answered: batch by batch, and others get their turn in between. `T` is what `packList` was given. */
export async function unpackList<T>(batches: Batches): Promise<readonly T[]> {
  const list: T[] = []
  for (const [i, batch] of batches.entries()) {
    if (i > 0) await turn()
    list.push(...(deserialize(batch) as T[])) // as: written by `packList` in a thread of our own
  }
  return list
}
