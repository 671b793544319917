import { constants } from 'node:fs'
import { type FileHandle, link, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { base64url, fromBase64url } from '../lib/bytes.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import type { Secret } from '../lib/secret.ts'
import { type KeyMaterial, keyRing, type MasterKey } from './seal/key-ring.ts'

export interface MasterKeyOptions {
  /**
   * The data directory: `master.key` is read from it, or made in it on the first start. The first key in it seals; others after it,
   * on lines of their own, only open values that were sealed before.
   */
  directory: string
  /**
   * Master key itself (32 bytes, base64url), from a secret manager; then no file is read or
   * written. Others may follow, after commas.
   */
  value?: Secret
  /**
   * Answers true when something is sealed already. Then a missing file is a mistake, and no new key
   * is made: it could open nothing. Called only when there is no file.
   */
  isNeeded?: () => Promise<boolean>
  random: Random
}

const FILE = 'master.key'
const KEY_BYTES = 32
/**
 * Maximum of keys: one that seals, and those that only open. Two would do for any change of the
 * key.
 */
const MAX_KEYS = 4

/** @throws Problem `keys.master_key_malformed`, `keys.master_key_exposed`, `keys.master_key_missing` */
export async function openMasterKey(options: MasterKeyOptions): Promise<MasterKey> {
  const { directory, value, random } = options
  if (value) return keyRing(readKeys(value.reveal(), 'the given master key'), random)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, FILE)
  const kept = await readKeyFile(path)
  // INVARIANT: a new key is never made beside a database that an older one sealed.
  if (kept === undefined && (await options.isNeeded?.()))
    throw new Problem(
      'keys.master_key_missing',
      `there is no ${path}, and the database was sealed with one`,
    )
  const text = kept ?? (await makeKeyFile(path, random))
  return keyRing(readKeys(text, path), random)
}

function readKeys(text: string, where: string): KeyMaterial {
  const [first = '', ...others] = text.trim().split(/[\s,]+/)
  if (others.length >= MAX_KEYS)
    throw new Problem('keys.master_key_malformed', `${where} has more than ${MAX_KEYS} keys`)
  return [keyBytes(first, where), ...others.map((each) => keyBytes(each, where))]
}

function keyBytes(text: string, where: string): Uint8Array {
  const bytes = fromBase64url(text)
  if (bytes?.byteLength !== KEY_BYTES) {
    throw new Problem('keys.master_key_malformed', `${where} is not 32 bytes in base64url`)
  }
  return bytes
}

async function readKeyFile(path: string): Promise<string | undefined> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
  try {
    // of the open file, not of the path: the file that is checked is the one that is read
    const { mode } = await file.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new Problem(
        'keys.master_key_exposed',
        `${path} may be read by others; run \`chmod 600\` on it`,
      )
    }
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/**
 * Makes the key file. It is written whole under another name, then linked: the file appears
 * complete or not at all, and of two processes that start at once the second reads the first one's
 * key.
 */
async function makeKeyFile(path: string, random: Random): Promise<string> {
  const draft = `${path}.${base64url(random.bytes(9))}`
  const text = `${base64url(random.bytes(KEY_BYTES))}\n`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(draft, path)
    await syncDirectory(join(path, '..'))
    return text
  } catch (error) {
    const others = isCode(error, 'EEXIST') ? await readKeyFile(path) : undefined
    if (others === undefined) throw error
    return others
  } finally {
    await unlink(draft)
  }
}

/**
 * Makes the file's name durable with its directory: a value that is sealed next must not outlive
 * its key.
 */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await open(path, constants.O_RDONLY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
