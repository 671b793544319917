import { sameBytes } from '../lib/bytes.ts'
import type { Reader, Storage, Tx } from '../storage/index.ts'
import { deleteBundle, readBundles } from './bundles/bundle-store.ts'
import { PackedBundles } from './bundles/packed-bundles.ts'
import type { CheckpointSigner } from './checkpoint.ts'
import { deleteLeaves, readHead, readTile } from './ledger-store.ts'
import { RecordReader } from './record-reader.ts'
import { isSignedBy } from './running-tree.ts'
import { rootAt } from './sign-checkpoint.ts'
import { leafHash, TILE_WIDTH } from './tree.ts'

/** View of the ledger for the archive: full bundles as they are in the database, and notes of its key. */
export class LedgerSealing {
  readonly #storage: Storage
  readonly #here: RecordReader
  readonly #signer: CheckpointSigner

  constructor(storage: Storage, packed: PackedBundles, signer: CheckpointSigner) {
    this.#storage = storage
    this.#here = new RecordReader(storage.read, packed)
    this.#signer = signer
  }

  get origin(): string {
    return this.#signer.origin
  }

  /** Records of a bundle that are in the database. */
  async bundle(index: number): Promise<readonly Uint8Array[]> {
    const from = index * TILE_WIDTH
    const records = await this.#here.between(from, from + TILE_WIDTH)
    return records.map(({ record }) => record)
  }

  /** A bundle as it is packed in the database, if it is. */
  async packed(index: number): Promise<Uint8Array | undefined> {
    const [stored] = await readBundles(this.#storage.read, index, index)
    return stored?.packed
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
  async remove(tx: Tx, index: number): Promise<number> {
    const count = await deleteLeaves(tx, index * TILE_WIDTH, (index + 1) * TILE_WIDTH)
    return count + (await deleteBundle(tx, index))
  }
}

/** View of a ledger without any of its keys, to check the sealed part. */
export function sealCheck(
  read: Reader,
  { origin, publicJwks }: { readonly origin: string; readonly publicJwks: readonly string[] },
): Pick<LedgerSealing, 'isSigned' | 'origin' | 'rootAt' | 'tile'> & {
  /** Reads a record that is in the database. */
  record(position: number): Promise<Uint8Array | undefined>
  /** Reads the records of a bundle that are in the database. */
  bundle(index: number): Promise<readonly Uint8Array[]>
} {
  const here = new RecordReader(read, new PackedBundles())
  return {
    origin,
    tile: (index) => readTile(read, 0, index),
    rootAt: (size) => rootAt({ read }, size),
    record: async (position) => (await here.at([position]))[0]?.record,
    bundle: async (index) => {
      const records = await here.between(index * TILE_WIDTH, (index + 1) * TILE_WIDTH)
      return records.map(({ record }) => record)
    },
    isSigned: (note) => publicJwks.some((key) => isSignedBy(note, key)),
  }
}

/** Tells whether these are all the records of a full bundle, as the tree has them. */
export async function areRecordsOf(
  db: Reader,
  index: number,
  records: readonly Uint8Array[],
): Promise<boolean> {
  const hashes = Buffer.concat(records.map((record) => leafHash(record)))
  return records.length === TILE_WIDTH && sameBytes(hashes, await readTile(db, 0, index))
}
