import { setImmediate as turn } from 'node:timers/promises'
import { deserialize, serialize } from 'node:v8'

/** A long list of plain data on its way from a thread. */
export type Batches = readonly Uint8Array[]

const MAX_IN_BATCH = 25

/**
 * Packs a list, in the thread. One message with a long list in it would be unpacked in one piece
 * where it arrives, and everything there would wait.
 */
export function packList(list: readonly unknown[]): Batches {
  const batches: Uint8Array[] = []
  for (let i = 0; i < list.length; i += MAX_IN_BATCH)
    batches.push(serialize(list.slice(i, i + MAX_IN_BATCH)))
  return batches
}

/**
 * Unpacks a list where calls are answered: batch by batch, and others get their turn in between.
 * `T` is the type of the items given to `packList`.
 */
export async function unpackList<T>(batches: Batches): Promise<readonly T[]> {
  const list: T[] = []
  for (const [i, batch] of batches.entries()) {
    if (i > 0) await turn()
    list.push(...(deserialize(batch) as T[])) // as: written by `packList` in a thread of our own
  }
  return list
}
