import { type Archive, isTrouble } from './archive.ts'
import type { Checkpoint } from './note.ts'
import type { Trouble } from './report.ts'
import { type Source, splitBundle, splitTile, tilePath } from './tiles.ts'
import { Accumulator, HASH_BYTES, leafHash, TILE_WIDTH, tileRoot } from './tree.ts'
import { UpperTiles, type UpperTrouble } from './upper-tiles.ts'

/** Result of one pass over all records and tiles. */
interface TreePass {
  /** Root over the records; absent when some could not be read. */
  readonly entryRoot: Buffer | undefined
  /** Root over the hashes of the level 0 tiles; absent when some are missing. */
  readonly tileRoot: Buffer | undefined
  /** Root over the first `since` records. */
  readonly sinceRoot: Buffer | undefined
  /** Records that are not there, or cannot be told apart. */
  readonly unreadable: Trouble | undefined
  /** The first record whose hash is not the one in its tile. */
  readonly mismatch: Trouble | undefined
  /** The first tile of level 0 that is not there, or not as long as it must be. */
  readonly brokenTile: Trouble | undefined
  readonly upper: UpperTrouble | undefined
}

/** An export, and the archive of what is not in it. */
export interface LedgerFiles {
  readonly source: Source
  readonly archive: Archive
}

/** Called for every record, in order, as long as nothing is wrong. */
export type EntryVisitor = (entry: Uint8Array, index: number) => Promise<void>

/** Recomputes the tree of the checkpoint and compares it with everything in the export. */
export async function checkTree(
  files: LedgerFiles,
  checkpoint: Checkpoint,
  since: Checkpoint | undefined,
  onEntry: EntryVisitor,
): Promise<Trouble | undefined> {
  const seen = await new Pass(files, checkpoint.size, since?.size, onEntry).run()
  return troubleOf(seen, checkpoint, since) ?? sinceTrouble(seen, checkpoint, since)
}

/** Tells which side is wrong, records or tiles: the one that does not lead to the signed root. */
function troubleOf(
  seen: TreePass,
  { root }: Checkpoint,
  since: Checkpoint | undefined,
): Trouble | undefined {
  const { mismatch, brokenTile, unreadable, upper } = seen
  if (!seen.entryRoot?.equals(root)) {
    if (mismatch && !seen.tileRoot?.equals(root)) {
      const message = 'record and tile differ from here on, and neither leads to what was signed'
      return { ...mismatch, verdict: 'modified', message }
    }
    return mismatch ?? unreadable ?? unlocated(seen, since)
  }
  if (mismatch) {
    const message = 'the record is as signed, but its hash in the tile of level 0 is not'
    return { ...mismatch, verdict: 'modified', message }
  }
  if (brokenTile) return brokenTile
  if (upper?.missing)
    return { verdict: 'gap', index: upper.from, message: `${upper.path} is missing` }
  if (upper)
    return {
      verdict: 'modified',
      index: upper.from,
      message: `${upper.path} is not what the records give`,
    }
  return undefined
}

/** Records and level 0 agree with each other, and not with what was signed. Other files may tell how far to look. */
function unlocated({ upper, sinceRoot }: TreePass, since: Checkpoint | undefined): Trouble {
  const message = 'records and tiles agree with each other, but are not what was signed'
  if (upper && !upper.missing)
    return {
      verdict: 'modified',
      message: `${message}: at an index from ${upper.from} to ${upper.to - 1}`,
    }
  if (since && sinceRoot)
    return sinceRoot.equals(since.root)
      ? { verdict: 'modified', message: `${message}: at ${since.size} or later` }
      : { verdict: 'modified', message: `${message}: before ${since.size}` }
  return { verdict: 'modified', message }
}

function sinceTrouble(
  { sinceRoot }: TreePass,
  { size }: Checkpoint,
  since: Checkpoint | undefined,
): Trouble | undefined {
  if (!since) return undefined
  if (since.size > size) {
    const message = `your checkpoint is over ${since.size} records, this one over ${size}`
    return { verdict: 'truncated', index: size, message }
  }
  if (sinceRoot?.equals(since.root)) return undefined
  const message = `history was rewritten: the first ${since.size} records are not those under your checkpoint`
  return { verdict: 'modified', message }
}

class Pass {
  readonly #source: Source
  readonly #archive: Archive
  readonly #size: number
  readonly #since: number | undefined
  readonly #onEntry: EntryVisitor
  readonly #entries = new Accumulator()
  readonly #tiles = new Accumulator()
  readonly #upper: UpperTiles
  #count = 0
  #sinceRoot: Buffer | undefined
  #unreadable: Trouble | undefined
  #mismatch: Trouble | undefined
  #brokenTile: Trouble | undefined

  constructor(
    { archive, source }: LedgerFiles,
    size: number,
    since: number | undefined,
    onEntry: EntryVisitor,
  ) {
    this.#source = source
    this.#archive = archive
    this.#size = size
    this.#since = since
    this.#onEntry = onEntry
    this.#upper = new UpperTiles(source)
  }

  async run(): Promise<TreePass> {
    if (this.#since === 0) this.#sinceRoot = this.#entries.root()
    for (let index = 0; index * TILE_WIDTH < this.#size; index++) {
      const tile = await this.#tile(index)
      if (!this.#unreadable) await this.#bundle(index, tile)
    }
    if (!this.#unreadable) await this.#upper.end()
    return {
      entryRoot: this.#unreadable ? undefined : this.#entries.root(),
      tileRoot: this.#brokenTile ? undefined : this.#tiles.root(),
      sinceRoot: this.#sinceRoot,
      unreadable: this.#unreadable,
      mismatch: this.#mismatch,
      brokenTile: this.#brokenTile,
      upper: this.#upper.trouble,
    }
  }

  #widthOf(index: number): number {
    return Math.min(TILE_WIDTH, this.#size - index * TILE_WIDTH)
  }

  async #readTile(index: number): Promise<Uint8Array | undefined> {
    if (index * TILE_WIDTH >= this.#size) return undefined
    return this.#source.read(tilePath(0, index, this.#widthOf(index)))
  }

  async #tile(index: number): Promise<readonly Buffer[] | undefined> {
    const width = this.#widthOf(index)
    const bytes = await this.#readTile(index)
    const tile = bytes && splitTile(bytes, width)
    for (const hash of tile ?? []) this.#tiles.push(hash)
    if (!tile) {
      const path = tilePath(0, index, width)
      this.#brokenTile ??= {
        verdict: bytes ? 'modified' : 'gap',
        index: index * TILE_WIDTH,
        message: bytes ? `${path} is not as long as it must be` : `${path} is missing`,
      }
    }
    return tile
  }

  async #bundle(index: number, tile: readonly Buffer[] | undefined): Promise<void> {
    const width = this.#widthOf(index)
    const path = tilePath('entries', index, width)
    const bytes = await this.#read(index, path)
    if (bytes && isTrouble(bytes)) {
      this.#unreadable = bytes
      return
    }
    if (!bytes) {
      this.#unreadable = await this.#missing(index, path)
      return
    }
    const { entries, whole } = splitBundle(bytes)
    const hashes: Buffer[] = []
    for (const entry of entries.slice(0, width)) {
      const hash = leafHash(entry)
      hashes.push(hash)
      await this.#entry(entry, hash, tile)
    }
    if (!whole || entries.length !== width) {
      this.#unreadable = await this.#malformed(index, path, entries.length, whole)
      return
    }
    if (width === TILE_WIDTH) await this.#upper.push(tileRoot(hashes))
  }

  async #read(index: number, path: string): Promise<Uint8Array | Trouble | undefined> {
    const here = await this.#source.read(path)
    if (here) return here
    return this.#archive.has(index) && this.#widthOf(index) === TILE_WIDTH
      ? this.#archive.bundle(index, await this.#readTile(index))
      : this.#misnamed(index)
  }

  async #entry(
    entry: Uint8Array,
    hash: Buffer,
    tile: readonly Buffer[] | undefined,
  ): Promise<void> {
    const index = this.#count++
    this.#entries.push(hash)
    if (this.#count === this.#since) this.#sinceRoot = this.#entries.root()
    if (!this.#mismatch && tile && !tile[index % TILE_WIDTH]?.equals(hash))
      this.#mismatch = await this.#differs(index, hash, tile)
    if (!this.#mismatch) await this.#onEntry(entry, index)
  }

  /** A record that was taken out leaves the next one in its place. */
  async #differs(index: number, hash: Buffer, tile: readonly Buffer[]): Promise<Trouble> {
    const next = (index + 1) % TILE_WIDTH
    const bytes = next > 0 ? undefined : await this.#readTile((index + 1) / TILE_WIDTH)
    const after = next > 0 ? tile[next] : bytes && Buffer.from(bytes.subarray(0, HASH_BYTES))
    if (after?.equals(hash))
      return {
        verdict: 'deleted',
        index,
        message: 'the record was taken out; the next one is in its place',
      }
    return { verdict: 'modified', index, message: 'the record is not the one that was signed for' }
  }

  /** A bundle that lost its end, or got more, goes by another name. */
  async #misnamed(index: number): Promise<Uint8Array | undefined> {
    for (let width = TILE_WIDTH; width > 0; width--) {
      const bytes = await this.#source.read(tilePath('entries', index, width))
      if (bytes) return bytes
    }
    return undefined
  }

  async #missing(index: number, path: string): Promise<Trouble> {
    const at = { index: index * TILE_WIDTH }
    return (await this.#hasLater(index))
      ? { verdict: 'gap', ...at, message: `${path} is missing, and later ones are there` }
      : { verdict: 'truncated', ...at, message: `${path} is missing, and everything after it` }
  }

  async #malformed(index: number, path: string, found: number, whole: boolean): Promise<Trouble> {
    const width = this.#widthOf(index)
    const at = { index: index * TILE_WIDTH + Math.min(found, width) }
    if (!whole)
      return { verdict: 'modified', ...at, message: `${path} does not end where a record ends` }
    const message = `${path} has ${found} records instead of ${width}`
    if (found > width) return { verdict: 'modified', ...at, message }
    return { verdict: (await this.#hasLater(index)) ? 'deleted' : 'truncated', ...at, message }
  }

  /** Looks at every later bundle; only when something is wrong already. */
  async #hasLater(index: number): Promise<boolean> {
    for (let later = index + 1; later * TILE_WIDTH < this.#size; later++)
      if (await this.#misnamed(later)) return true
    return false
  }
}
