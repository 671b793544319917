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
 * Signs the tree as it is committed, unless that was done already, and returns the newest
 * checkpoint.
 * INVARIANT: a log never signs a checkpoint that is inconsistent with one it signed before (C2SP
 * tlog-checkpoint). What is signed is durable first; and the tree must still contain the newest
 * checkpoint of the store, and the newest that this process has signed (`signed`), whatever was
 * done to the store since.
 * @throws Problem `ledger.inconsistent`
 */
export async function signCheckpoint(
  storage: Storage,
  signer: CheckpointSigner,
  clock: Clock,
  { history, signed }: { readonly history: number; readonly signed: TreeHead | undefined },
): Promise<StoredCheckpoint> {
  // In this order: what another replica signs meanwhile must not look as if it were ahead of the tree.
  const newest = await newestCheckpoint(storage.read)
  const size = (await readHead(storage.read))?.size ?? 0
  const before = newest && readTreeHead(newest.note)
  if (newest && before?.size !== newest.size)
    throw inconsistent(`the stored checkpoint of size ${newest.size} is not one`)
  for (const earlier of [before, signed]) {
    // What was signed in an earlier history was looked at when the present one was accepted.
    if (earlier && earlier.history >= history)
      await requireContained(storage, earlier, { history, size })
  }
  if (newest?.size === size && before?.history === history) return newest
  const note = await signer.sign({ size, root: await rootAt(storage, size), history })
  const checkpoint = { size, note, at: clock.now() }
  await insertCheckpoint(storage, checkpoint)
  return checkpoint
}

/** @throws Problem `ledger.inconsistent`, with the head that is missing */
async function requireContained(
  storage: Storage,
  earlier: TreeHead,
  { history, size }: Pick<TreeHead, 'history' | 'size'>,
): Promise<void> {
  if (earlier.history > history)
    throw missing(earlier, `records were signed for after a break that is not in the database`)
  if (earlier.size > size)
    throw missing(earlier, `${earlier.size} records were signed for and there are ${size}`)
  if (!sameBytes(await rootAt(storage, earlier.size), earlier.root))
    throw missing(earlier, `the first ${earlier.size} records are not those that were signed for`)
}

/** Problem with a signed head that the tree does not contain. */
export class MissingHead extends Problem {
  readonly head: TreeHead

  constructor(head: TreeHead, detail: string) {
    super('ledger.inconsistent', detail)
    this.head = head
  }
}

function missing(head: TreeHead, detail: string): Problem {
  return new MissingHead(head, detail)
}

export async function rootAt(storage: Storage, size: number): Promise<Uint8Array> {
  const edge = await readEdge(storage.read, size)
  if (!edge) throw inconsistent(`tiles of the tree of ${size} records are missing`)
  return rootOf(edge)
}

function inconsistent(detail: string): Problem {
  return new Problem('ledger.inconsistent', detail)
}
