import type { SigningKey } from '../keys/index.ts'
import { fromBase64url, sameBytes, sha256 } from '../lib/bytes.ts'

/** Signature type of Ed25519 in signed notes (C2SP signed-note, "Signature types"). */
const ED25519 = Uint8Array.of(1)

/** A tree head that was, or is to be, signed. */
export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
  /**
   * Number of the history that it belongs to: the first is 0, and each accepted break begins
   * another.
   */
  readonly history: number
}

/** The name of a log and of its key: the issuer as a scheme-less address, `remit.example.com/ledger`. */
export function ledgerOrigin(issuer: string): string {
  const { host, pathname } = new URL(issuer)
  return `${host}${pathname.replace(/\/$/, '')}/ledger`
}

/** Signs checkpoints: C2SP tlog-checkpoint, as a C2SP signed note. Histories after the first have one extension line. */
export class CheckpointSigner {
  readonly origin: string
  /** Verifier key, for everybody who verifies: `<origin>+<key id>+<key>`. */
  readonly vkey: string
  readonly #key: SigningKey
  readonly #keyId: Uint8Array
  readonly #encoded: Uint8Array

  constructor(origin: string, key: SigningKey) {
    if (!/^[^\s+]+$/.test(origin)) throw new Error('an origin has no spaces and no plus')
    const publicKey = ed25519Bytes(key)
    const encoded = Buffer.concat([ED25519, publicKey])
    this.origin = origin
    this.#key = key
    this.#encoded = encoded
    this.#keyId = keyIdOf(origin, encoded)
    this.vkey = `${origin}+${Buffer.from(this.#keyId).toString('hex')}+${encoded.toString('base64')}`
  }

  /** Signs another text than a checkpoint; its first line must not be the origin. */
  async signNote(text: string): Promise<string> {
    if (text.startsWith(`${this.origin}\n`)) throw new Error('this would be a checkpoint')
    return this.#noteOf(text)
  }

  /** The public key, as JSON. */
  get publicJwk(): string {
    return JSON.stringify(this.#key.publicJwk)
  }

  async sign({ history, root, size }: TreeHead): Promise<string> {
    const extension = history === 0 ? '' : `history ${history}\n`
    return this.#noteOf(`${this.origin}\n${size}\n${base64(root)}\n${extension}`)
  }

  async #noteOf(text: string): Promise<string> {
    const signature = await this.#key.sign(Buffer.from(text))
    return `${text}\n— ${this.origin} ${base64(Buffer.concat([this.#keyId, signature]))}\n`
  }

  /**
   * Checks whether a note is of this key, under whatever name it was known by then. The signature is
   * not checked.
   */
  isOwn(note: string): boolean {
    const origin = note.slice(0, note.indexOf('\n'))
    const id = keyIdOf(origin, this.#encoded)
    return note
      .split('\n')
      .some((line) => line.startsWith(`— ${origin} `) && startsWith(line.split(' ')[2], id))
  }
}

function keyIdOf(origin: string, encoded: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([Buffer.from(`${origin}\n`), encoded])).subarray(0, 4)
}

function startsWith(signature: string | undefined, id: Uint8Array): boolean {
  return sameBytes(Buffer.from(signature ?? '', 'base64').subarray(0, id.length), id)
}

/**
 * Reads the tree head in a note of ours; `undefined` when it is not one. Does not check the
 * signature; that is for verifiers.
 */
export function readTreeHead(note: string): TreeHead | undefined {
  const match = HEAD.exec(note)
  if (!match?.[1] || !match[2]) return undefined
  const root = Buffer.from(match[2], 'base64')
  return { size: Number(match[1]), root, history: Number(match[3] ?? 0) }
}

const HEAD = /^[^\n]+\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n(?:history ([1-9]\d{0,8})\n)?/

function ed25519Bytes(key: SigningKey): Uint8Array {
  const { publicJwk } = key
  const bytes = publicJwk.kty === 'OKP' ? fromBase64url(publicJwk.x) : undefined
  if (bytes?.byteLength !== 32) throw new Error('checkpoints are signed with an Ed25519 key')
  return bytes
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
