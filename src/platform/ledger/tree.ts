import { sha256 } from '../lib/bytes.ts'

/**
 * The Merkle tree of RFC 9162 section 2.1 (hashing as in RFC 6962), kept as tiles of height 8 (C2SP tlog-tiles): tile n of
 * level l holds the hashes of up to 256 complete subtrees of 256^l leaves. Pure functions; sizes are safe integers.
 */
export const TILE_WIDTH = 256
export const HASH_BYTES = 32

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

export interface Tile {
  readonly level: number
  readonly index: number
  /** Concatenated, 1 to 256 of them. */
  readonly hashes: Uint8Array
}

/** The partial tiles at the right edge of a tree, by level. A level whose last tile is full, or that has none, is absent. */
export type Edge = ReadonlyMap<number, readonly Uint8Array[]>

export function leafHash(record: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([LEAF, record]))
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([NODE, left, right]))
}

/**
 * Tiles that hold the right edge of a tree of this size, and how many hashes of each belong to it.
 */
export function edgeOf(size: number): readonly { level: number; index: number; width: number }[] {
  const edge = []
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
    const width = count % TILE_WIDTH
    if (width > 0) edge.push({ level, index: Math.floor(count / TILE_WIDTH), width })
  }
  return edge
}

/** The tiles that change when these leaves are appended to a tree of `size` leaves with this edge. */
export function grow(edge: Edge, size: number, leaves: readonly Uint8Array[]): readonly Tile[] {
  const tiles: Tile[] = []
  let added = leaves
  for (let level = 0, count = size; added.length > 0; level++) {
    const complete: Uint8Array[] = []
    let index = Math.floor(count / TILE_WIDTH)
    let hashes = [...(edge.get(level) ?? [])]
    for (const hash of added) {
      hashes.push(hash)
      if (hashes.length < TILE_WIDTH) continue
      tiles.push({ level, index, hashes: Buffer.concat(hashes) })
      complete.push(completeRoot(hashes))
      index++
      hashes = []
    }
    if (hashes.length > 0) tiles.push({ level, index, hashes: Buffer.concat(hashes) })
    added = complete
    count = Math.floor(count / TILE_WIDTH)
  }
  return tiles
}

/** Root of the tree with this edge. `known`: of the trees that were looked at before, so that only the new part is hashed. */
export function rootOf(edge: Edge, known = new KnownRoots()): Uint8Array {
  const subtrees: Uint8Array[] = []
  for (const [level, hashes] of [...edge].sort(([a], [b]) => b - a)) {
    let taken = 0
    for (let width = TILE_WIDTH / 2; width >= 1; width /= 2) {
      if (hashes.length - taken < width) continue
      const part = hashes.slice(taken, taken + width)
      subtrees.push(known.rootOf(`${level} ${taken} ${width}`, part))
      taken += width
    }
  }
  const last = subtrees.pop()
  return last ? subtrees.reduceRight((right, left) => nodeHash(left, right), last) : sha256('')
}

/**
 * Roots of complete subtrees, by their place at the edge.
 * INVARIANT: one counts only for the very hashes that it was computed from: the store is compared, and not trusted.
 */
export class KnownRoots {
  readonly #known = new Map<
    string,
    { readonly hashes: readonly Uint8Array[]; readonly root: Uint8Array }
  >()

  rootOf(place: string, hashes: readonly Uint8Array[]): Uint8Array {
    const known = this.#known.get(place)
    if (known?.hashes.every((hash, i) => Buffer.compare(hash, hashAt(hashes, i)) === 0))
      return known.root
    const root = completeRoot(hashes)
    this.#known.set(place, { hashes, root })
    return root
  }
}

/** Root over hashes of complete subtrees of one size; as many as a power of two. */
export function completeRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes
  while (row.length > 1) {
    const next: Uint8Array[] = []
    for (let i = 0; i < row.length; i += 2) next.push(nodeHash(hashAt(row, i), hashAt(row, i + 1)))
    row = next
  }
  return hashAt(row, 0)
}

/** The hashes of a tile. */
export function split(hashes: Uint8Array): readonly Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let at = 0; at < hashes.byteLength; at += HASH_BYTES)
    parts.push(hashes.subarray(at, at + HASH_BYTES))
  return parts
}

function hashAt(row: readonly Uint8Array[], index: number): Uint8Array {
  const hash = row[index]
  if (!hash) throw new Error('a complete subtree lacks a hash')
  return hash
}
