import { completeRoot, nodeHash, split, TILE_WIDTH } from './tree.ts'

/** Hashes in standard base64, from the leaf upwards. */
export interface InclusionProof {
  readonly position: number
  readonly size: number
  readonly leafHash: string
  readonly hashes: readonly string[]
}
export interface ConsistencyProof {
  readonly from: number
  readonly to: number
  readonly hashes: readonly string[]
}

/** Reads a tile; it may have more hashes than the tree in question. */
export type ReadTile = (level: number, index: number) => Promise<Uint8Array>

/**
 * Computes the Merkle audit path of leaf `position` in the tree of `size` leaves (RFC 9162 section
 * 2.1.3.1), from the leaf upwards. `position` < `size`.
 */
export async function inclusionPath(
  read: ReadTile,
  position: number,
  size: number,
): Promise<readonly Uint8Array[]> {
  const tiles = remembering(read)
  const path: Uint8Array[] = []
  let from = 0
  let to = size
  while (to - from > 1) {
    const middle = from + splitOf(to - from)
    if (position < middle) {
      path.push(await subtree(tiles, middle, to))
      to = middle
    } else {
      path.push(await subtree(tiles, from, middle))
      from = middle
    }
  }
  return path.reverse()
}

/**
 * Computes the proof that the tree of `size` leaves begins with the tree of `older` leaves (RFC
 * 9162 section 2.1.4.1). 0 < `older` ≤ `size`; empty when they are equal.
 */
export async function consistencyPath(
  read: ReadTile,
  older: number,
  size: number,
): Promise<readonly Uint8Array[]> {
  const tiles = remembering(read)
  const path: Uint8Array[] = []
  let from = 0
  let to = size
  while (older !== to) {
    const middle = from + splitOf(to - from)
    if (older <= middle) {
      path.push(await subtree(tiles, middle, to))
      to = middle
    } else {
      path.push(await subtree(tiles, from, middle))
      from = middle
    }
  }
  // The verifier has the older root; it needs this subtree only when it is not all of the older tree.
  if (from > 0) path.push(await subtree(tiles, from, to))
  return path.reverse()
}

/** Hash over the leaves `from` to `to` (exclusive), where `from` begins a subtree. */
async function subtree(read: ReadTile, from: number, to: number): Promise<Uint8Array> {
  const width = to - from
  const half = splitOf(width)
  if (width > 1 && half * 2 !== width)
    return nodeHash(await subtree(read, from, from + half), await subtree(read, from + half, to))
  let level = 0
  let unit = 1
  while (unit * TILE_WIDTH <= width) {
    level++
    unit *= TILE_WIDTH
  }
  const first = from / unit
  const offset = first % TILE_WIDTH
  const hashes = split(await read(level, Math.floor(first / TILE_WIDTH)))
  return completeRoot(hashes.slice(offset, offset + width / unit))
}

/** The greatest power of two smaller than `width`. */
function splitOf(width: number): number {
  let half = 1
  while (half * 2 < width) half *= 2
  return half
}

function remembering(read: ReadTile): ReadTile {
  const tiles = new Map<string, Promise<Uint8Array>>()
  return (level, index) => {
    const name = `${level}/${index}`
    const known = tiles.get(name) ?? read(level, index)
    tiles.set(name, known)
    return known
  }
}
