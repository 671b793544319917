import { createPublicKey, verify } from 'node:crypto'
import { sha256 } from '../lib/bytes.ts'
import { leafHash, nodeHash } from './tree.ts'

/** Root of a tree that is read record by record, in the memory of one branch. */
export class RunningTree {
  /** Complete subtrees from left to right, and how many leaves each has. */
  readonly #subtrees: { readonly leaves: number; readonly hash: Uint8Array }[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  add(record: Uint8Array): void {
    this.#merge({ leaves: 1, hash: leafHash(record) })
    this.#size++
  }

  #merge(subtree: { readonly leaves: number; readonly hash: Uint8Array }): void {
    let added = subtree
    for (
      let last = this.#subtrees.at(-1);
      last?.leaves === added.leaves;
      last = this.#subtrees.at(-1)
    ) {
      this.#subtrees.pop()
      added = { leaves: last.leaves * 2, hash: nodeHash(last.hash, added.hash) }
    }
    this.#subtrees.push(added)
  }

  /** Adds a complete subtree by its hash: a power of two of leaves, behind a multiple of as many. */
  addSubtree(hash: Uint8Array, leaves: number): void {
    if (this.#size % leaves !== 0) throw new Error('a subtree begins at a multiple of its leaves')
    this.#merge({ leaves, hash })
    this.#size += leaves
  }

  root(): Uint8Array {
    const hashes = this.#subtrees.map(({ hash }) => hash)
    const last = hashes.pop()
    return last ? hashes.reduceRight((right, left) => nodeHash(left, right), last) : sha256('')
  }
}

/**
 * Checks the signature of a checkpoint: a signed note with one line of an Ed25519 key (C2SP
 * signed-note). `publicJwk`: as JSON.
 */
export function isSignedBy(note: string, publicJwk: string): boolean {
  const [text = '', signature = ''] = note.split('\n\n')
  const bytes = Buffer.from(signature.trim().split(' ')[2] ?? '', 'base64')
  const key = createPublicKey({ key: JSON.parse(publicJwk), format: 'jwk' })
  return verify(null, Buffer.from(`${text}\n`), key, bytes.subarray(4))
}
