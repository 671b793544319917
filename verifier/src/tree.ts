import { hash } from 'node:crypto'

export const TILE_WIDTH = 256
export const HASH_BYTES = 32

/** RFC 9162 section 2.1.1. */
export function leafHash(entry: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Buffer.of(0), entry]), 'buffer')
}

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Buffer.of(1), left, right]), 'buffer')
}

/**
 * The root of everything pushed so far, in memory that grows with the logarithm: one hash per complete subtree, as a
 * binary counter carries its ones.
 */
export class Accumulator {
  /** Subtrees by height; absent where the size has a zero bit. */
  readonly #subtrees: (Buffer | undefined)[] = []

  push(leaf: Buffer): void {
    let carry = leaf
    let height = 0
    for (; ; height++) {
      const left = this.#subtrees[height]
      if (!left) break
      carry = nodeHash(left, carry)
      this.#subtrees[height] = undefined
    }
    this.#subtrees[height] = carry
  }

  root(): Buffer {
    let root: Buffer | undefined
    for (const subtree of this.#subtrees) {
      if (subtree) root = root ? nodeHash(subtree, root) : subtree
    }
    return root ?? hash('sha256', '', 'buffer')
  }
}

/** Root of a full tile. */
export function tileRoot(hashes: readonly Buffer[]): Buffer {
  const tree = new Accumulator()
  for (const each of hashes) tree.push(each)
  return tree.root()
}
