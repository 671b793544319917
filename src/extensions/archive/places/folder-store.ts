import { constants } from 'node:fs'
import { link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { base64url, sameBytes } from '../../../platform/lib/bytes.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Random } from '../../../platform/lib/random.ts'
import { ArchiveProblem } from '../problems.ts'
import type { ArchivePlace, ArchivePlaceFacts } from '../segment.ts'
import { type UnreachableReason, unreachablePlace } from './unreachable.ts'

/** Archive in a folder, such as a mounted volume. */
export class FolderStore implements ArchivePlace {
  readonly where: string
  readonly #random: Random

  constructor(folder: string, random: Random) {
    this.where = folder
    this.#random = random
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    if (await this.#isThere(path, bytes)) return
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
        await nameOnce(draft, target)
      } catch (error) {
        await unlink(draft).catch(() => {})
        // Another server wrote it at the same moment.
        if (codeOf(error) === 'EEXIST' && (await this.#isThere(path, bytes))) return
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
      if (codeOf(error) === 'ENOENT') return undefined
      throw this.#explained(error)
    }
  }

  /** Writes a file for a try, and takes it away. */
  async examine(): Promise<ArchivePlaceFacts> {
    const draft = join(this.where, `examined.${base64url(this.#random.bytes(9))}`)
    return this.#reaching(async () => {
      const file = await open(draft, 'wx', 0o600)
      await file.close()
      await unlink(draft)
      return { keepsFiles: true }
    })
  }

  async close(): Promise<void> {}

  async #isThere(path: string, bytes: Uint8Array): Promise<boolean> {
    const before = await this.get(path)
    if (!before) return false
    if (sameBytes(before, bytes)) return true
    throw new ArchiveProblem('archive.other_content', `${path} is there with other content`)
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
      throw this.#explained(error)
    }
  }

  #explained(error: unknown): unknown {
    const code = codeOf(error)
    if (error instanceof Problem || code === undefined) return error
    const reason = REASONS[code] ?? 'unexpected'
    return unreachablePlace(this.where, reason, { cause: error, says: code })
  }
}

const REASONS: Readonly<Record<string, UnreachableReason>> = {
  EACCES: 'forbidden',
  EDQUOT: 'full',
  ENOENT: 'not_found',
  ENOSPC: 'full',
  ENOTDIR: 'not_found',
  EPERM: 'forbidden',
  EROFS: 'forbidden',
}

/** Code of an error of the operating system. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && !(error instanceof Problem) && 'code' in error
    ? String(error.code)
    : undefined
}

/** Gives a file its name, unless another has it. Volumes that have no second names are left with a look before. */
async function nameOnce(draft: string, target: string): Promise<void> {
  try {
    await link(draft, target)
  } catch (error) {
    const code = codeOf(error)
    if (
      code === undefined ||
      !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)
    )
      throw error
    return rename(draft, target)
  }
  await unlink(draft)
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
