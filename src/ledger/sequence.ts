import { Problem } from '../lib/problem.ts'
import type { Step, Storage } from '../storage/index.ts'
import { appendStep, type PlacedLeaf, readPlaced } from './append-store.ts'
import {
  coverSteps,
  createHead,
  FENCE_GUARD,
  growSteps,
  type Head,
  readEdge,
  readHead,
  readIntake,
  readTile,
  takeSteps,
  type WaitingRecord,
} from './ledger-store.ts'
import type { ReadTile } from './proofs.ts'
import { grow, leafHash } from './tree.ts'

/**
 * Maximum records in one commit: a few milliseconds of hashing, so that nothing else waits long.
 */
const BATCH = 256

/**
 * Takes the records that were committed before the call into the tree, oldest first, and answers how many were taken here. On
 * PostgreSQL they get their positions from it; on SQLite they were written with them. Any number of sequencers may run: for each
 * step one of them wins, and the others look again. A crash between two statements leaves either the old tree with the intake or
 * the new tree without it.
 */
export async function sequenceIntake(storage: Storage): Promise<number> {
  let count = 0
  for (;;) {
    const head = await currentHead(storage)
    const waiting = await readIntake(storage.read, BATCH)
    if (storage.engine === 'sqlite' && waiting.length > 0) {
      await append(storage, waiting)
      continue
    }
    const placed = await readPlaced(storage.read, head.size, BATCH)
    const found = placed.length || waiting.length
    if (found === 0) return count
    const taken =
      placed.length > 0 ? await cover(storage, head, placed) : await take(storage, head, waiting)
    count += taken
    // Records that come meanwhile are for the next run, because each run writes the last tile anew.
    const isAll = found < BATCH && (placed.length === 0 || waiting.length === 0)
    if (isAll && taken === found) return count
  }
}

/** Takes leaves into the tree that stand behind it already. */
async function cover(storage: Storage, head: Head, placed: readonly PlacedLeaf[]): Promise<number> {
  if (placed.some(({ position }, i) => position !== head.size + i))
    throw new Problem('ledger.inconsistent', 'a record behind the end of the tree is missing')
  const hashes = placed.map((leaf) => leaf.leafHash)
  const tiles = grow(await endOf(storage, head), head.size, hashes)
  return committed(storage, coverSteps(storage.read, head, placed.length, tiles), placed.length)
}

/** Moves records from the intake to the end of the tree. */
async function take(
  storage: Storage,
  head: Head,
  taken: readonly WaitingRecord[],
): Promise<number> {
  const leaves = taken.map(({ record }, i) => ({
    position: head.size + i,
    leafHash: leafHash(record),
    record,
  }))
  const hashes = leaves.map((leaf) => leaf.leafHash)
  const tiles = grow(await endOf(storage, head), head.size, hashes)
  return committed(storage, growSteps(storage.read, head, taken, leaves, tiles), taken.length)
}

/** Moves records that are in the intake all the same to where those of this engine are written. */
async function append(storage: Storage, taken: readonly WaitingRecord[]): Promise<void> {
  const each = taken.map((waiting) => appendStep(storage, [waiting]))
  const done = await storage.commit([...takeSteps(storage.read, taken), ...each])
  if (!done.committed) throw done.failed.problem()
}

async function endOf(storage: Storage, head: Head) {
  const tileAt: ReadTile = (level, index) => readTile(storage.read, level, index)
  const edge = await readEdge(tileAt, head.size)
  if (!edge) throw new Problem('ledger.inconsistent', 'tiles at the end of the tree are missing')
  return edge
}

/** Commits a change of the tree. 0: another sequencer was first; look again at what is left. */
async function committed(storage: Storage, steps: readonly Step[], count: number): Promise<number> {
  const done = await storage.commit(steps, { isBehind: true })
  if (done.committed) return count
  if (done.failed !== FENCE_GUARD) throw done.failed.problem()
  return 0
}

async function currentHead(storage: Storage): Promise<Head> {
  const head = await readHead(storage.read)
  if (head) return head
  await createHead(storage)
  const created = await readHead(storage.read)
  if (!created) throw new Error('the head of the ledger was not created')
  return created
}
