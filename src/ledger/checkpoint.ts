import type { SigningKey } from '../keys/index.ts'
import { fromBase64url, sha256 } from '../lib/bytes.ts'

/** Signature type of Ed25519 in signed notes (C2SP signed-note, "Signature types"). */
const ED25519 = Uint8Array.of(1)

/** A tree head that was, or is to be, signed. */
export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

/** The name of a log and of its key: the issuer as a scheme-less address, `remit.example.com/ledger`. */
export function ledgerOrigin(issuer: string): string {
  const { host, pathname } = new URL(issuer)
  return `${host}${pathname.replace(/\/$/, '')}/ledger`
}

/** Signs checkpoints: C2SP tlog-checkpoint, without extension lines, as a C2SP signed note. */
export class CheckpointSigner {
  readonly origin: string
  /** The verifier key, to be given to whoever verifies: `<origin>+<key id>+<key>`. */
  readonly vkey: string
  readonly #key: SigningKey
  readonly #keyId: Uint8Array

  constructor(origin: string, key: SigningKey) {
    if (!/^[^\s+]+$/.test(origin)) throw new Error('an origin has no spaces and no plus')
    const publicKey = ed25519Bytes(key)
    const encoded = Buffer.concat([ED25519, publicKey])
    this.origin = origin
    this.#key = key
    this.#keyId = sha256(Buffer.concat([Buffer.from(`${origin}\n`), encoded])).subarray(0, 4)
    this.vkey = `${origin}+${Buffer.from(this.#keyId).toString('hex')}+${encoded.toString('base64')}`
  }

  async sign({ size, root }: TreeHead): Promise<string> {
    const text = `${this.origin}\n${size}\n${base64(root)}\n`
    const signature = await this.#key.sign(Buffer.from(text))
    return `${text}\n— ${this.origin} ${base64(Buffer.concat([this.#keyId, signature]))}\n`
  }
}

/** What a note of ours says; `undefined` when it is not one. Whether the signature is good is for verifiers to say. */
export function readTreeHead(note: string): TreeHead | undefined {
  const match = /^[^\n]+\n(0|[1-9]\d*)\n([A-Za-z0-9+/]{43}=)\n/.exec(note)
  if (!match?.[1] || !match[2]) return undefined
  return { size: Number(match[1]), root: Buffer.from(match[2], 'base64') }
}

function ed25519Bytes(key: SigningKey): Uint8Array {
  const { publicJwk } = key
  const bytes = publicJwk.kty === 'OKP' ? fromBase64url(publicJwk.x) : undefined
  if (bytes?.byteLength !== 32) throw new Error('checkpoints are signed with an Ed25519 key')
  return bytes
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
