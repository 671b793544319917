import { sameBytes } from '../lib/bytes.ts'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import type { Reader, Storage } from '../storage/index.ts'
import { type CheckpointSigner, readTreeHead, type TreeHead } from './checkpoint.ts'
import {
  insertCheckpoint,
  newestCheckpoint,
  readEdge,
  readHead,
  readTile,
  type StoredCheckpoint,
} from './ledger-store.ts'
import { KnownRoots, rootOf } from './tree.ts'

/**
 * Signs the tree as it is committed, unless that was done already, and returns the newest
 * checkpoint.
 * INVARIANT: a log never signs a checkpoint that is inconsistent with one it signed before (C2SP
 * tlog-checkpoint). A checkpoint is durable before it is signed; and the tree must still contain the newest
 * checkpoint of the store, and the newest that this process has signed (`signed`), whatever was
 * done to the store since.
 * @throws Problem `ledger.inconsistent`
 */
export async function signCheckpoint(
  storage: Storage,
  signer: CheckpointSigner,
  clock: Clock,
  {
    history,
    known,
    signed,
  }: {
    readonly history: number
    readonly known: KnownRoots
    readonly signed: TreeHead | undefined
  },
): Promise<StoredCheckpoint> {
  // In this order: what another replica signs meanwhile must not look as if it were ahead of the tree.
  const newest = await newestCheckpoint(storage.read)
  const size = (await readHead(storage.read))?.size ?? 0
  const before = newest && readTreeHead(newest.note)
  if (newest && before?.size !== newest.size)
    throw inconsistent(`the stored checkpoint of size ${newest.size} is not one`)
  // One tree is looked at once, and each tile of the store is read once.
  const tree = new TreeNow(storage.read, known)
  for (const earlier of before && signed && isSameHead(before, signed)
    ? [before]
    : [before, signed]) {
    // Heads of an earlier history were compared when the present one was accepted.
    if (earlier && earlier.history >= history)
      await requireContained(tree, earlier, { history, size })
  }
  if (newest?.size === size && before?.history === history) return newest
  const note = await signer.sign({ size, root: await tree.root(size), history })
  const checkpoint = { size, note, at: clock.now() }
  await insertCheckpoint(storage, checkpoint)
  return checkpoint
}

/** @throws Problem `ledger.inconsistent`, with the head that is missing */
async function requireContained(
  tree: TreeNow,
  earlier: TreeHead,
  { history, size }: Pick<TreeHead, 'history' | 'size'>,
): Promise<void> {
  if (earlier.history > history)
    throw missing(earlier, `records were signed for after a break that is not in the database`)
  if (earlier.size > size)
    throw missing(earlier, `${earlier.size} records were signed for and there are ${size}`)
  if (!sameBytes(await tree.root(earlier.size), earlier.root))
    throw missing(earlier, `the first ${earlier.size} records are not those that were signed for`)
}

function isSameHead(a: TreeHead, b: TreeHead): boolean {
  return a.size === b.size && a.history === b.history && sameBytes(a.root, b.root)
}

/** The tree as it is stored now, for as long as one look at it takes. It only grows, so its tiles serve every size that it has. */
class TreeNow {
  readonly #reader: Reader
  readonly #known: KnownRoots
  readonly #tiles = new Map<string, Promise<Uint8Array>>()

  constructor(reader: Reader, known = new KnownRoots()) {
    this.#reader = reader
    this.#known = known
  }

  /** @throws Problem `ledger.inconsistent` */
  async root(size: number): Promise<Uint8Array> {
    const edge = await readEdge((level, index) => this.#tile(level, index), size)
    if (!edge) throw inconsistent(`tiles of the tree of ${size} records are missing`)
    return rootOf(edge, this.#known)
  }

  #tile(level: number, index: number): Promise<Uint8Array> {
    const name = `${level}/${index}`
    const known = this.#tiles.get(name)
    if (known) return known
    const read = readTile(this.#reader, level, index)
    this.#tiles.set(name, read)
    return read
  }
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

export async function rootAt(storage: Pick<Storage, 'read'>, size: number): Promise<Uint8Array> {
  return new TreeNow(storage.read).root(size)
}

function inconsistent(detail: string): Problem {
  return new Problem('ledger.inconsistent', detail)
}
