import { type FileHandle, mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { base64url } from '../../lib/bytes.ts'
import type { Random } from '../../lib/random.ts'

/** A text that is kept outside the database. */
export interface TextKeeper {
  /** Path of the file, for people. */
  readonly where: string
  read(): Promise<string | undefined>
  /** Writes the text; durable, and whole or not at all, when it resolves. */
  write(text: string): Promise<void>
}

/** A file beside the master key: damage to the database does not reach it. */
class KeptFile implements TextKeeper {
  readonly where: string
  readonly #directory: string
  readonly #random: Random

  constructor(directory: string, name: string, random: Random) {
    this.#directory = directory
    this.#random = random
    this.where = join(directory, name)
  }

  async read(): Promise<string | undefined> {
    try {
      return await readFile(this.where, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }

  async write(text: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const draft = `${this.where}.${base64url(this.#random.bytes(9))}`
    try {
      await synced(await open(draft, 'wx', 0o600), (file) => file.writeFile(text))
      await rename(draft, this.where)
    } catch (error) {
      await unlink(draft).catch(() => {})
      throw error
    }
    // A name is durable when its directory is.
    if (process.platform !== 'win32') await synced(await open(this.#directory, 'r'))
  }
}

/** The newest signed head. */
export class HeadFile extends KeptFile {
  constructor(directory: string, random: Random) {
    super(directory, 'ledger.head', random)
  }
}

/** File with the lineage of the database: which of its futures it was in. */
export class LineageFile extends KeptFile {
  constructor(directory: string, random: Random) {
    super(directory, 'database.lineage', random)
  }
}

async function synced(
  file: FileHandle,
  work: (file: FileHandle) => Promise<void> = async () => {},
): Promise<void> {
  try {
    await work(file)
    await file.sync()
  } finally {
    await file.close()
  }
}
