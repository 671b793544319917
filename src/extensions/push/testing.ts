import { createDecipheriv, createECDH, hkdfSync } from 'node:crypto'
import { systemRandom } from '../../platform/lib/random.ts'

/** Side of a browser in web push (RFC 8291): its keys, and what they open. */
export class TestBrowser {
  readonly #curve = createECDH('prime256v1')
  readonly #secret = Buffer.from(systemRandom.bytes(16))

  constructor() {
    this.#curve.generateKeys()
  }

  /** Text that the script of the page would send, with this address at the push service. */
  subscription(endpoint: string, over: Readonly<Record<string, unknown>> = {}): string {
    const keys = {
      p256dh: this.#curve.getPublicKey('base64url'),
      auth: this.#secret.toString('base64url'),
    }
    return JSON.stringify({ endpoint, keys, browser: 'Firefox on Linux', ...over })
  }

  /** Parts that other libraries decrypt with: the key pair, and the secret in base64url. */
  get keys() {
    return { privateKey: this.#curve, authSecret: this.#secret.toString('base64url') }
  }

  /** Text of a message, decrypted as RFC 8188 and RFC 8291 say. Throws where it was made for another. */
  open(body: Buffer): string {
    const salt = body.subarray(0, 16)
    const idLength = body[20] ?? 0
    const sender = body.subarray(21, 21 + idLength)
    const record = body.subarray(21 + idLength)
    const shared = this.#curve.computeSecret(sender)
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.#curve.getPublicKey(), sender])
    const secret = hkdf(shared, this.#secret, info, 32)
    const key = hkdf(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
    const nonce = hkdf(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12)
    const cipher = createDecipheriv('aes-128-gcm', key, nonce)
    cipher.setAuthTag(record.subarray(-16))
    const plain = Buffer.concat([cipher.update(record.subarray(0, -16)), cipher.final()])
    const end = plain.lastIndexOf(2)
    if (end < 0) throw new Error('the last record ends in 2')
    return plain.subarray(0, end).toString()
  }
}

function hkdf(key: Buffer, salt: Buffer, info: Buffer, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, length))
}
