import { Problem } from '../lib/problem.ts'
import type { Step, Storage } from '../storage/index.ts'
import { appendStep, type OutsideLeaf, placeSteps, readPlaced } from './append-store.ts'
import {
  createHead,
  FENCE_GUARD,
  growSteps,
  type Head,
  INTAKE_GUARD,
  intakeSteps,
  LEAVES_GUARD,
  readEdge,
  readHead,
  readIntake,
  readTile,
  type WaitingRecord,
} from './ledger-store.ts'
import type { ReadTile } from './proofs.ts'
import { grow } from './tree.ts'
import type { UnplacedRecords } from './unplaced-records.ts'

/**
 * Maximum records in one commit: a few milliseconds of hashing, so that nothing else waits long.
 */
const BATCH = 256

/**
 * Takes the records that were committed before the call into the tree, oldest first, and answers how many were taken here. On
 * PostgreSQL they get their positions from it; on SQLite they were written with them. Any number of sequencers may run: for each
 * step one of them wins, and the others look again. A crash between two statements leaves either the old tree or the new one.
 */
export async function sequenceIntake(storage: Storage, unplaced: UnplacedRecords): Promise<number> {
  let count = 0
  for (;;) {
    const waiting = await readIntake(storage.read, BATCH)
    if (waiting.length > 0) {
      await append(storage, waiting)
      continue
    }
    const head = await currentHead(storage)
    const leaves = await readOutside(storage, head, unplaced)
    if (leaves.length === 0) return count
    const taken = await take(storage, head, leaves)
    count += taken
    // Records that come meanwhile are for the next run, because each run writes the last tile again.
    const isAll = storage.engine === 'sqlite' || !arePlaced(leaves)
    if (isAll && leaves.length < BATCH && taken === leaves.length) return count
  }
}

/** Reads leaves that are not in the tree: such as stand behind it, or else such as have no position. */
async function readOutside(
  storage: Storage,
  head: Head,
  unplaced: UnplacedRecords,
): Promise<readonly OutsideLeaf[]> {
  const placed = await readPlaced(storage.read, head.size, BATCH)
  if (placed.length > 0 || storage.engine === 'sqlite') return placed
  return unplaced.read(BATCH)
}

function arePlaced([first]: readonly OutsideLeaf[]): boolean {
  return first !== undefined && first.position >= 0
}

/** Takes leaves into the tree. Commits nothing, and answers 0, if another sequencer was first. */
async function take(storage: Storage, head: Head, leaves: readonly OutsideLeaf[]): Promise<number> {
  const isPlaced = arePlaced(leaves)
  if (isPlaced && leaves.some(({ position }, i) => position !== head.size + i))
    throw new Problem('ledger.inconsistent', 'a record behind the end of the tree is missing')
  const hashes = leaves.map((leaf) => leaf.leafHash)
  const tiles = grow(await endOf(storage, head), head.size, hashes)
  const placing = isPlaced ? [] : placeSteps(storage.read, LEAVES_GUARD, head.size, leaves)
  const steps = growSteps(storage.read, head, { count: leaves.length, placing, tiles })
  return committed(storage, steps, leaves.length)
}

/** Moves records from the intake to where records are written, unless another sequencer does. */
async function append(storage: Storage, taken: readonly WaitingRecord[]): Promise<void> {
  const each = taken.map((waiting) => appendStep(storage, [waiting]))
  const done = await storage.commit([...intakeSteps(storage.read, taken), ...each])
  if (!done.committed && done.failed !== INTAKE_GUARD) throw done.failed.problem()
}

async function endOf(storage: Storage, head: Head) {
  const tileAt: ReadTile = (level, index) => readTile(storage.read, level, index)
  const edge = await readEdge(tileAt, head.size)
  if (!edge) throw new Problem('ledger.inconsistent', 'tiles at the end of the tree are missing')
  return edge
}

/** Commits a change of the tree. 0: another sequencer was first; look again at the rest. */
async function committed(storage: Storage, steps: readonly Step[], count: number): Promise<number> {
  // On PostgreSQL by itself: it may wait for another sequencer, and who shared it would wait, too.
  const done = await storage.commit(steps, { isBehind: storage.engine === 'sqlite' })
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
