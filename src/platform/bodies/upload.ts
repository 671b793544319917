import type { Readable } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../lib/json.ts'
import type { BodyReader } from './body-reader.ts'
import type { SpooledBody } from './spool.ts'

/** A body that waits on disk, and what it says. */
export class Upload {
  readonly #bytes: SpooledBody
  readonly #newReader: () => BodyReader
  readonly said: Json

  constructor(bytes: SpooledBody, said: Json, newReader: () => BodyReader) {
    this.#bytes = bytes
    this.said = said
    this.#newReader = newReader
  }

  get size(): number {
    return this.#bytes.size
  }

  /**
   * Reads the body back to be sent. INVARIANT: nothing is given out before the whole file was read again, and has the values that were
   * decided on. A body of several pieces is then read once more, and its last piece is given out only if nothing changed meanwhile.
   * @throws Error the body says something else, or was not written whole
   */
  async readBack(decided: Json): Promise<Buffer | Readable> {
    const reader = this.#newReader()
    let only: Buffer | undefined
    let count = 0
    for await (const piece of this.#bytes.pieces()) {
      reader.push(piece)
      only = piece
      count++
    }
    if (!isDeepStrictEqual(reader.end(), decided))
      throw new Error('a body on disk is not what was decided on')
    return only && count === 1 ? only : this.#bytes.read()
  }

  /** Lets go of the file and of its room. */
  close(): Promise<void> {
    return this.#bytes.close()
  }
}
