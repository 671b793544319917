import { type Cipheriv, createCipheriv, createDecipheriv, createHash, type Hash } from 'node:crypto'
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { base64url } from '../lib/bytes.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import { AddressQuota } from '../lib/under-way/address-quota.ts'
import type { SlotHolders } from '../lib/under-way/held-places.ts'

export interface SpoolOptions {
  /** Created if missing, readable by its owner only. */
  readonly directory: string
  readonly random: Random
  /** Bytes of one body. */
  readonly mostBytes: number
  /** Throws where the disk has no room for what can wait. */
  readonly requireRoom: () => void
}

/**
 * Bodies that may wait at their largest at once: of all, of one agent, and of one person. So an agent that one person keeps busy
 * takes a body for another one, and there is room for another agent.
 */
const MAX_BODIES_SPOOLED = { all: 4, agent: 2, person: 1 } as const

/** The place on disk where bodies wait that are too large for memory, while their calls are decided. */
export class Spool {
  readonly #options: SpoolOptions
  readonly #ofPeople: AddressQuota
  readonly #ofAgents: AddressQuota

  constructor(options: SpoolOptions) {
    this.#options = options
    const { mostBytes } = options
    const { agent, all, person } = MAX_BODIES_SPOOLED
    const total = all * mostBytes
    this.#ofPeople = new AddressQuota({ total, perAddress: person * mostBytes })
    this.#ofAgents = new AddressQuota({ total, perAddress: agent * mostBytes })
  }

  get mostBytes(): number {
    return this.#options.mostBytes
  }

  /**
   * Opens a file for one body of these holders. INVARIANT: the file has no name once this has answered, so that nothing is left of it
   * when it is closed or the process ends; and its key is in memory only.
   */
  async open(holders: Pick<SlotHolders, 'agent' | 'person'>): Promise<SpooledBody> {
    const { directory, random, requireRoom } = this.#options
    requireRoom()
    const file = await openNameless(directory, base64url(random.bytes(16))).catch(noRoom)
    const take = (bytes: number) => {
      requireRoom()
      this.#take(holders, bytes)
    }
    const give = (bytes: number) => {
      this.#ofPeople.give(holders.person, bytes)
      this.#ofAgents.give(holders.agent, bytes)
    }
    return new SpooledBody(file, random.bytes(32), { take, give, most: this.mostBytes })
  }

  #take({ agent, person }: Pick<SlotHolders, 'agent' | 'person'>, bytes: number): void {
    const ofPerson = this.#ofPeople.take(person, bytes)
    if (ofPerson) throw NO_ROOM[ofPerson]('person')
    const ofAgent = this.#ofAgents.take(agent, bytes)
    if (!ofAgent) return
    this.#ofPeople.give(person, bytes)
    throw NO_ROOM[ofAgent]('agent')
  }
}

interface Share {
  readonly most: number
  take(bytes: number): void
  give(bytes: number): void
}

const NO_ROOM = {
  address: (holder: 'agent' | 'person') =>
    new Problem('request.too_many', `the ${holder} has too many bodies that wait`, {
      members: { retry_after: 1 },
    }),
  total: () => new Problem('server.busy', 'too many bodies wait on disk'),
} as const

const CIPHER = 'aes-256-ctr'
/** A key serves one file, so its counter begins at nothing. */
const COUNTER = Buffer.alloc(16)
const READ_BYTES = 64 * 1024

/** One body on disk: written once from its beginning to its end, then read as often. */
export class SpooledBody {
  readonly #file: FileHandle
  readonly #key: Uint8Array
  readonly #share: Share
  readonly #cipher: Cipheriv
  readonly #hash: Hash = createHash('sha256')
  #size = 0
  #written = 0
  #digest: string | undefined
  #closed: Promise<void> | undefined

  constructor(file: FileHandle, key: Uint8Array, share: Share) {
    this.#file = file
    this.#key = key
    this.#share = share
    this.#cipher = createCipheriv(CIPHER, key, COUNTER)
  }

  get size(): number {
    return this.#size
  }

  /** @throws Problem `input.too_large`, `request.too_many`, `server.busy`, `storage.reserved` */
  async write(chunk: Buffer): Promise<void> {
    if (this.#size + chunk.length > this.#share.most)
      throw new Problem('input.too_large', `a body is at most ${this.#share.most} bytes`)
    this.#share.take(chunk.length)
    const at = this.#size
    this.#size += chunk.length
    this.#hash.update(chunk)
    await writeAll(this.#file, this.#cipher.update(chunk), at)
    this.#written += chunk.length
  }

  /** Reads the body as `pieces` does. */
  read(): Readable {
    return Readable.from(this.pieces(), { objectMode: false })
  }

  /**
   * Reads the body from its beginning. INVARIANT: the last bytes are given out only if all of them are those that were written; a body
   * that changed on disk, or of which a write failed or is under way, ends in an error instead.
   */
  async *pieces(): AsyncGenerator<Buffer> {
    if (this.#written !== this.#size) throw new Error('a body was not written whole')
    this.#digest ??= this.#hash.digest('base64url')
    const decipher = createDecipheriv(CIPHER, this.#key, COUNTER)
    const hash = createHash('sha256')
    let last: Buffer | undefined
    for (let at = 0; at < this.#size; ) {
      if (last) yield last
      const { buffer, bytesRead } = await this.#file.read(
        Buffer.allocUnsafe(READ_BYTES),
        0,
        READ_BYTES,
        at,
      )
      if (bytesRead === 0) break
      last = decipher.update(buffer.subarray(0, bytesRead))
      hash.update(last)
      at += bytesRead
    }
    if (hash.digest('base64url') !== this.#digest) throw new Error('a body changed on disk')
    if (last) yield last
  }

  /** Lets go of the file and of its room. */
  close(): Promise<void> {
    this.#closed ??= this.#file.close().finally(() => this.#share.give(this.#size))
    return this.#closed
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const length = bytes.length - done
    const { bytesWritten } = await file.write(bytes, done, length, at + done).catch(noRoom)
    done += bytesWritten
  }
}

async function openNameless(directory: string, name: string): Promise<FileHandle> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, name)
  const file = await open(path, 'wx+', 0o600)
  await unlink(path)
  return file
}

function noRoom(cause: unknown): never {
  throw new Problem('storage.reserved', 'there is no room on disk for the body', { cause })
}
