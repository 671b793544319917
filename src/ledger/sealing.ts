import type { Storage, Tx } from '../storage/index.ts'
import type { CheckpointSigner } from './checkpoint.ts'
import { deleteLeaves, readHead, readLeaves, readTile } from './ledger-store.ts'
import { isSignedBy } from './running-tree.ts'
import { rootAt } from './sign-checkpoint.ts'
import { TILE_WIDTH } from './tree.ts'

/** View of the ledger for the archive: full bundles as they are in the database, and notes of its key. */
export class LedgerSealing {
  readonly #storage: Storage
  readonly #signer: CheckpointSigner

  constructor(storage: Storage, signer: CheckpointSigner) {
    this.#storage = storage
    this.#signer = signer
  }

  get origin(): string {
    return this.#signer.origin
  }

  /** Records of a bundle that are in the database. */
  async bundle(index: number): Promise<readonly Uint8Array[]> {
    const from = index * TILE_WIDTH
    const leaves = await readLeaves(this.#storage.read, from, from + TILE_WIDTH)
    return leaves.map(({ record }) => record)
  }

  tile(index: number): Promise<Uint8Array> {
    return readTile(this.#storage.read, 0, index)
  }

  rootAt(size: number): Promise<Uint8Array> {
    return rootAt(this.#storage, size)
  }

  /** Number of bundles that are full. */
  async fullBundles(): Promise<number> {
    return Math.floor(((await readHead(this.#storage.read))?.size ?? 0) / TILE_WIDTH)
  }

  signNote(text: string): Promise<string> {
    return this.#signer.signNote(text)
  }

  isSigned(note: string): boolean {
    return isSignedBy(note, this.#signer.publicJwk)
  }

  /** Deletes the records of a bundle, which are in the archive. */
  remove(tx: Tx, index: number): Promise<number> {
    return deleteLeaves(tx, index * TILE_WIDTH, (index + 1) * TILE_WIDTH)
  }
}
