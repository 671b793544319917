import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { base64url, fromBase64url } from '../lib/bytes.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import type { Secret } from '../lib/secret.ts'

/** Protects what is stored: private keys and other people's credentials are sealed with it, never written plain. */
export interface MasterKey {
  /**
   * AES-256-GCM: version byte ‖ nonce (12) ‖ ciphertext ‖ tag (16). `place` says where the value is stored, such as
   * `connections/crm`; it is authenticated, so a sealed value that is moved to another row does not open there.
   */
  seal(plain: Uint8Array | string, place: string): Uint8Array
  /** @throws Problem `keys.cannot_open` when it was sealed elsewhere, with another master key, or has been altered */
  open(sealed: Uint8Array, place: string): Uint8Array
  /** A 32-byte key for one other purpose (cookies, nonces), the same in every replica. HKDF-SHA256, RFC 5869. */
  derive(purpose: string): Uint8Array
}

export interface MasterKeyOptions {
  /** The data directory: `master.key` is read from it, or made in it on the first start. */
  directory: string
  /** The key itself (32 bytes, base64url), from a secret manager; then no file is read or written. */
  value?: Secret
  random: Random
}

const FILE = 'master.key'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const VERSION = 1

/** @throws Problem `keys.master_key_malformed`, `keys.master_key_exposed` */
export async function openMasterKey(options: MasterKeyOptions): Promise<MasterKey> {
  const { directory, value, random } = options
  if (value) return masterKey(keyBytes(value.reveal(), 'the given master key'), random)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, FILE)
  const text = (await readKeyFile(path)) ?? (await makeKeyFile(path, random))
  return masterKey(keyBytes(text.replace(/\r?\n$/, ''), path), random)
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
    // of the open file, not of the path: what is checked is what is read
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
 * Written whole under another name, then linked: the file appears complete or not at all, and of two processes that
 * start at once the second reads the first one's key.
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

/** A name is durable when its directory is; what is sealed next must not outlive its key. */
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

function masterKey(bytes: Uint8Array, random: Random): MasterKey {
  const derive = (purpose: string) =>
    new Uint8Array(hkdfSync('sha256', bytes, '', `remit/${purpose}/v1`, KEY_BYTES))
  const sealing = derive('seal')
  return {
    derive: (purpose) => derive(`derived/${purpose}`),
    seal(plain, place) {
      const nonce = random.bytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(Buffer.from(place))
      const sealed = [
        cipher.update(plain instanceof Uint8Array ? plain : Buffer.from(plain)),
        cipher.final(),
      ]
      return Buffer.concat([Buffer.of(VERSION), nonce, ...sealed, cipher.getAuthTag()])
    },
    open(sealed, place) {
      try {
        return opened(sealing, sealed, place)
      } catch (cause) {
        throw new Problem('keys.cannot_open', `${place} cannot be opened with this master key`, {
          cause,
        })
      }
    },
  }
}

function opened(key: Uint8Array, sealed: Uint8Array, place: string): Uint8Array {
  if (sealed[0] !== VERSION) throw new TypeError('unknown version of sealing')
  const body = 1 + NONCE_BYTES
  const end = sealed.byteLength - TAG_BYTES
  if (end < body) throw new TypeError('too short')
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, body), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.from(place))
  decipher.setAuthTag(sealed.subarray(end))
  return Buffer.concat([decipher.update(sealed.subarray(body, end)), decipher.final()])
}
