import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { base64url } from '../../platform/lib/bytes.ts'
import type { Random } from '../../platform/lib/random.ts'
import { CommandFailure } from './failure.ts'

/** Group and others. Windows has no such bits; there the profile directory is the owner's. */
const OTHERS = 0o077

/** Writes a file that only its owner can read, whole or not at all. Missing directories are made the same way. */
export async function writePrivateFile(path: string, text: string, random: Random): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = join(dirname(path), `.${basename(path)}.${base64url(random.bytes(6))}`)
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/**
 * Reads a file that holds a secret; `undefined` when there is none.
 * @throws Failure when others can read it: then its content is no secret any more
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(missing)
  if (!found) return undefined
  if (process.platform !== 'win32' && (found.mode & OTHERS) !== 0) {
    throw new CommandFailure('Others can read a file that must be private', {
      detail: `\`${path}\` has mode ${(found.mode & 0o777).toString(8)}`,
      next: [`chmod 600 ${path}`],
    })
  }
  return readFile(path, 'utf8')
}

/** Ignores, in a `catch`, that there is no such file. */
export function missing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}
