import { constants } from 'node:fs'
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { base64url, sameBytes } from '../lib/bytes.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import type { ArchiveStore } from './segment.ts'

/** Archive in a folder, such as a mounted volume. */
export class FolderStore implements ArchiveStore {
  readonly where: string
  readonly #random: Random

  constructor(folder: string, random: Random) {
    this.where = folder
    this.#random = random
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    const before = await this.get(path)
    if (before) {
      if (sameBytes(before, bytes)) return
      throw new Problem('archive.other_content', `${path} is there with other content`)
    }
    const target = this.#fileOf(path)
    await this.#reaching(async () => {
      await this.#makeFolder(dirname(target))
      const draft = `${target}.${base64url(this.#random.bytes(9))}`
      try {
        const file = await open(draft, 'wx', 0o600)
        try {
          await file.writeFile(bytes)
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(draft, target)
      } catch (error) {
        await unlink(draft).catch(() => {})
        throw error
      }
      await syncFolder(dirname(target))
    })
  }

  async get(path: string): Promise<Uint8Array | undefined> {
    const file = this.#fileOf(path)
    try {
      return await readFile(file)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
      if (error.code === 'ENOENT') return undefined
      throw unreachable(this.where, error)
    }
  }

  /** INVARIANT: nothing is read or written outside the folder. */
  #fileOf(path: string): string {
    const parts = path.split('/')
    if (!parts.every((part) => /^[a-z0-9][a-z0-9._-]*$/.test(part)))
      throw new Error(`a path in the archive has other characters: ${path}`)
    return join(this.where, ...parts)
  }

  /** Makes folders, and their names durable. */
  async #makeFolder(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 })
    if (first === undefined) return
    for (let made = folder; made.length >= first.length; made = dirname(made))
      await syncFolder(dirname(made))
  }

  async #reaching<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Error && 'code' in error) throw unreachable(this.where, error)
      throw error
    }
  }
}

function unreachable(where: string, cause: Error): Problem {
  const code = 'code' in cause ? String(cause.code) : ''
  return new Problem('archive.unreachable', `${where}: ${code}`, { cause })
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
