import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { Problem } from '../../lib/problem.ts'
import type { Random } from '../../lib/random.ts'

/**
 * Key that protects stored secrets: private keys and other people's credentials are sealed with it,
 * never written plain.
 */
export interface MasterKey {
  /**
   * Ids of the keys, which reveal nothing of them. The key that seals comes first, then those that
   * only open.
   */
  readonly ids: readonly string[]
  /**
   * Seals with AES-256-GCM: version byte ‖ nonce (12) ‖ ciphertext ‖ tag (16). The associated data
   * (RFC 5116) names the row, such as `connections/crm`; a sealed value that is moved to another
   * row does not open there.
   */
  seal(plain: Uint8Array | string, associatedData: string): Uint8Array
  /** @throws Problem `keys.cannot_open` when it was sealed elsewhere, with a key that is not here, or has been altered */
  open(sealed: Uint8Array, associatedData: string): Uint8Array
  /**
   * Seals a value again under the key that seals now; `undefined` when it is sealed with that
   * already. @throws Problem `keys.cannot_open`
   */
  sealAgain(sealed: Uint8Array, associatedData: string): Uint8Array | undefined
  /**
   * Derives a 32-byte key for one other purpose (cookies, nonces), the same in every replica.
   * HKDF-SHA256, RFC 5869.
   */
  derive(purpose: string): Uint8Array
  /**
   * Derives such a key from every master key that is here, in the order of `ids`: while replicas
   * change to another one, they understand each other.
   */
  deriveEach(purpose: string): readonly Uint8Array[]
}

/** Keys of 32 bytes; the first one seals. */
export type KeyMaterial = readonly [Uint8Array, ...Uint8Array[]]

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const ID_BYTES = 4
const VERSION = 1

export function keyRing(keys: KeyMaterial, random: Random): MasterKey {
  const [current, ...others] = keys
  const sealing = subkey(current, 'seal')
  const opening = [sealing, ...others.map((key) => subkey(key, 'seal'))]
  const deriveEach = (purpose: string) => keys.map((key) => subkey(key, `derived/${purpose}`))
  const cannotOpen = (associatedData: string, cause?: unknown) =>
    new Problem('keys.cannot_open', `${associatedData} cannot be opened with this master key`, {
      cause,
    })
  const openWith = (
    candidates: readonly Uint8Array[],
    sealed: Uint8Array,
    associatedData: string,
  ) => {
    let cause: unknown
    for (const key of candidates) {
      try {
        return opened(key, sealed, associatedData)
      } catch (error) {
        cause ??= error
      }
    }
    throw cannotOpen(associatedData, cause)
  }
  const seal: MasterKey['seal'] = (plain, associatedData) =>
    sealed(sealing, random, plain, associatedData)
  return {
    ids: keys.map((key) => Buffer.from(subkey(key, 'id')).toString('hex', 0, ID_BYTES)),
    seal,
    open: (value, associatedData) => openWith(opening, value, associatedData),
    sealAgain(value, associatedData) {
      try {
        opened(sealing, value, associatedData)
        return undefined
      } catch (cause) {
        if (others.length === 0) throw cannotOpen(associatedData, cause)
      }
      return seal(openWith(opening.slice(1), value, associatedData), associatedData)
    },
    derive: (purpose) => subkey(current, `derived/${purpose}`),
    deriveEach,
  }
}

function subkey(key: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, '', `remit/${purpose}/v1`, KEY_BYTES))
}

function sealed(
  key: Uint8Array,
  random: Random,
  plain: Uint8Array | string,
  associatedData: string,
): Uint8Array {
  const nonce = random.bytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(associatedData))
  const bytes = plain instanceof Uint8Array ? plain : Buffer.from(plain)
  const parts = [cipher.update(bytes), cipher.final()]
  return Buffer.concat([Buffer.of(VERSION), nonce, ...parts, cipher.getAuthTag()])
}

function opened(key: Uint8Array, sealed: Uint8Array, associatedData: string): Uint8Array {
  if (sealed[0] !== VERSION) throw new TypeError('unknown version of sealing')
  const body = 1 + NONCE_BYTES
  const end = sealed.byteLength - TAG_BYTES
  if (end < body) throw new TypeError('too short')
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, body), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.from(associatedData))
  decipher.setAuthTag(sealed.subarray(end))
  return Buffer.concat([decipher.update(sealed.subarray(body, end)), decipher.final()])
}
