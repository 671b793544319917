import { sameBytes } from '../lib/bytes.ts'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import type { Storage } from '../storage/index.ts'
import { type CheckpointSigner, readTreeHead, type TreeHead } from './checkpoint.ts'
import {
  insertCheckpoint,
  newestCheckpoint,
  readEdge,
  readHead,
  type StoredCheckpoint,
} from './ledger-store.ts'
import { rootOf } from './tree.ts'

/**
 * Signs the tree as it is committed, unless that was done already, and answers the newest checkpoint.
 * INVARIANT: a log never signs a checkpoint that is inconsistent with one it signed before (C2SP tlog-checkpoint). What is
 * signed is durable first; and the tree must still contain the newest checkpoint of the store, and the newest that
 * this process has signed (`signed`), whatever was done to the store since.
 * @throws Problem `ledger.inconsistent`
 */
export async function signCheckpoint(
  storage: Storage,
  signer: CheckpointSigner,
  clock: Clock,
  signed: TreeHead | undefined,
): Promise<StoredCheckpoint> {
  // In this order: what another replica signs meanwhile must not look as if it were ahead of the tree.
  const newest = await newestCheckpoint(storage.read)
  const size = (await readHead(storage.read))?.size ?? 0
  const before = newest && readTreeHead(newest.note)
  if (newest && before?.size !== newest.size)
    throw inconsistent(`the stored checkpoint of size ${newest.size} is not one`)
  for (const earlier of [before, signed]) {
    if (earlier) await requireContained(storage, earlier, size)
  }
  if (newest?.size === size) return newest
  const note = await signer.sign({ size, root: await rootAt(storage, size) })
  const checkpoint = { size, note, at: clock.now() }
  await insertCheckpoint(storage, checkpoint)
  return checkpoint
}

async function requireContained(storage: Storage, earlier: TreeHead, size: number): Promise<void> {
  if (earlier.size > size)
    throw inconsistent(`${earlier.size} records were signed for and there are ${size}`)
  if (!sameBytes(await rootAt(storage, earlier.size), earlier.root))
    throw inconsistent(`the first ${earlier.size} records are not those that were signed for`)
}

async function rootAt(storage: Storage, size: number): Promise<Uint8Array> {
  const edge = await readEdge(storage.read, size)
  if (!edge) throw inconsistent(`tiles of the tree of ${size} records are missing`)
  return rootOf(edge)
}

function inconsistent(detail: string): Problem {
  return new Problem('ledger.inconsistent', detail)
}
