import { statfs } from 'node:fs/promises'
import { Problem } from '../lib/problem.ts'

/**
 * Room on the disk. `low`: refusals are not written any more. `reserved`: only revocation and
 * sign-in are written.
 */
export type DiskLevel = 'ample' | 'low' | 'reserved'

/** Texts for the log. */
export const ROOM_IN_WORDS: Readonly<Record<DiskLevel, string>> = {
  ample: 'the disk has room again',
  low: 'the disk is filling up: refusals are not recorded any more',
  reserved:
    'the disk is nearly full: calls, tasks and tokens are refused, the rest is kept for revocation and sign-in',
}

export interface DiskGuardOptions {
  /** Bytes kept for revocation and sign-in. 0: nothing is watched. */
  readonly reserveBytes: number
  /** Bytes that may still be written. */
  readonly freeBytes: () => Promise<number>
  /** Called once for each change. */
  readonly onChange?: (room: DiskLevel) => void
}

/** Factor of the reserve: with less free than that, refusals are counted and not written. */
const LOW = 2

/**
 * Watches how much room the store has. What may be lost is given up first: records of refusals, then everything that needs a
 * record (calls, openings, tokens). The rest of the disk is kept for what ends access, and for those who sign in to do so.
 */
export class DiskGuard {
  readonly #options: DiskGuardOptions
  #room: DiskLevel = 'ample'
  #free: number | undefined

  constructor(options: DiskGuardOptions) {
    this.#options = options
  }

  get room(): DiskLevel {
    return this.#room
  }

  /** Free bytes as they were measured last, and those kept; nothing where the disk is not watched. */
  get measured(): { readonly free: number; readonly reserve: number } | undefined {
    const { reserveBytes: reserve } = this.#options
    return this.#free === undefined ? undefined : { free: this.#free, reserve }
  }

  /** Measures the free bytes again. A failed measurement changes nothing. */
  async check(): Promise<void> {
    const { freeBytes, onChange, reserveBytes } = this.#options
    if (reserveBytes === 0) return
    const free = await freeBytes()
    this.#free = free
    const room = free < reserveBytes ? 'reserved' : free < LOW * reserveBytes ? 'low' : 'ample'
    if (room === this.#room) return
    this.#room = room
    onChange?.(room)
  }

  /** Guards every act that is not done without a record. @throws Problem `storage.reserved` */
  requireRoom(): void {
    if (this.#room !== 'reserved') return
    throw new Problem(
      'storage.reserved',
      'the disk of the database is nearly full; the rest is reserved for revocation and sign-in',
    )
  }
}

/** Free bytes of the file system that holds this directory. */
export async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}
