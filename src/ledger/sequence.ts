import { Problem } from '../lib/problem.ts'
import type { Storage } from '../storage/index.ts'
import {
  createHead,
  FENCE_GUARD,
  growSteps,
  type Head,
  readEdge,
  readHead,
  readIntake,
} from './ledger-store.ts'
import { grow, leafHash } from './tree.ts'

/**
 * Maximum records in one commit: a few milliseconds of hashing, so that nothing else waits long.
 */
const BATCH = 256

/**
 * Gives the records that wait in the intake their positions, oldest first, and answers how many got one here. Any number
 * of sequencers may run: for each step one of them wins, and the others look again. A crash between two
 * statements leaves either the old tree with the intake or the new tree without it.
 */
export async function sequenceIntake(storage: Storage): Promise<number> {
  let count = 0
  for (;;) {
    const head = await currentHead(storage)
    const taken = await readIntake(storage.read, BATCH)
    if (taken.length === 0) return count
    const edge = await readEdge(storage.read, head.size)
    if (!edge) throw new Problem('ledger.inconsistent', 'tiles at the end of the tree are missing')
    const leaves = taken.map(({ record }, i) => ({
      position: head.size + i,
      leafHash: leafHash(record),
      record,
    }))
    const hashes = leaves.map((leaf) => leaf.leafHash)
    const tiles = grow(edge, head.size, hashes)
    const done = await storage.commit(growSteps(storage.read, head, taken, leaves, tiles))
    if (done.committed) count += taken.length
    // Where another sequencer was first, look again at what is left.
    else if (done.failed !== FENCE_GUARD) throw done.failed.problem()
  }
}

async function currentHead(storage: Storage): Promise<Head> {
  const head = await readHead(storage.read)
  if (head) return head
  await createHead(storage)
  const created = await readHead(storage.read)
  if (!created) throw new Error('the head of the ledger was not created')
  return created
}
