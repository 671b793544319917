import { type Source, splitTile, tilePath } from './tiles.ts'
import { TILE_WIDTH, tileRoot } from './tree.ts'

/** Place where a tile above the leaves differs from what the records give. */
export interface UpperTrouble {
  readonly path: string
  readonly missing: boolean
  /** Records below the first hash that differs: from, to (exclusive). */
  readonly from: number
  readonly to: number
}

/** Computes the tiles of every level above 0, and compares them with the files as soon as each is complete. */
export class UpperTiles {
  readonly #source: Source
  /** Hashes of the tile under way, by level; level 0 stays empty. */
  readonly #hashes: Buffer[][] = [[]]
  readonly #done: number[] = [0]
  #trouble: UpperTrouble | undefined

  constructor(source: Source) {
    this.#source = source
  }

  get trouble(): UpperTrouble | undefined {
    return this.#trouble
  }

  /** The root of the next full tile of level 0. */
  async push(root: Buffer): Promise<void> {
    let carry: Buffer | undefined = root
    for (let level = 1; carry; level++) {
      const hashes: Buffer[] = this.#hashes[level] ?? []
      this.#hashes[level] = hashes
      hashes.push(carry)
      carry = undefined
      if (hashes.length === TILE_WIDTH) {
        await this.#compare(level, hashes)
        carry = tileRoot(hashes)
        this.#done[level] = (this.#done[level] ?? 0) + 1
        this.#hashes[level] = []
      }
    }
  }

  /** After the last one: what is left are partial tiles. */
  async end(): Promise<void> {
    for (const [level, hashes] of this.#hashes.entries())
      if (hashes.length > 0) await this.#compare(level, hashes)
  }

  async #compare(level: number, hashes: readonly Buffer[]): Promise<void> {
    if (this.#trouble) return
    const index = this.#done[level] ?? 0
    const path = tilePath(level, index, hashes.length)
    const bytes = await this.#source.read(path)
    const stored = bytes && splitTile(bytes, hashes.length)
    const first = stored ? hashes.findIndex((hash, i) => !stored[i]?.equals(hash)) : 0
    if (first < 0) return
    const span = TILE_WIDTH ** level
    const from = (index * TILE_WIDTH + first) * span
    this.#trouble = { path, missing: bytes === undefined, from, to: from + span }
  }
}
