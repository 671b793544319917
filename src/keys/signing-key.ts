import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type Id, newId } from '../lib/id.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import { importPublicJwk, type PublicJwk } from './public-jwk.ts'
import type { MasterKey } from './sealing/key-ring.ts'
import { signData } from './signature.ts'

/** `tokens` signs what others verify with our JWKS; `ledger` signs checkpoints. A key never does both. */
export type Purpose = 'tokens' | 'ledger'

/** A private key that never leaves this module; what others hold can sign, and nothing else. */
export interface SigningKey {
  readonly kid: Id<'key'>
  readonly alg: 'ES256' | 'Ed25519'
  /** With `kid`, `alg` and `use`, as published. */
  readonly publicJwk: PublishedJwk
  /** Signs on the thread pool; JOSE form, 64 bytes. */
  sign(data: Uint8Array): Promise<Uint8Array>
}

export type PublishedJwk = PublicJwk & {
  readonly kid: string
  readonly alg: string
  readonly use: 'sig'
}

/** RFC 9864 names for what RFC 8037 calls EdDSA; P-256 for tokens because every verifier has it. */
const ALGORITHM = { tokens: 'ES256', ledger: 'Ed25519' } as const satisfies Record<
  Purpose,
  SigningKey['alg']
>

/** A key as it is kept. */
export interface StoredKey {
  readonly kid: Id<'key'>
  readonly purpose: Purpose
  readonly alg: SigningKey['alg']
  readonly publicJwk: PublishedJwk
  readonly sealed: Uint8Array
  readonly createdAt: number
  /** Epoch milliseconds from which it no longer signs; its signatures stay good for as long as tokens live. */
  readonly retiredAt: number | null
}

/** A key as it is used in this process. */
export interface OpenedKey {
  readonly signing: SigningKey
  readonly publicKey: KeyObject
}

/** A new key pair, its private half already sealed to the row it belongs in. */
export function makeKey(
  purpose: Purpose,
  master: MasterKey,
  random: Random,
  now: number,
): StoredKey {
  const alg = ALGORITHM[purpose]
  const { privateKey, publicKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519')
  const kid = newId('key', random)
  const plain = privateKey.export({ type: 'pkcs8', format: 'der' })
  const sealed = master.seal(plain, placeOf(purpose, kid))
  plain.fill(0)
  const { jwk } = importPublicJwk(publicKey.export({ format: 'jwk' }))
  return {
    kid,
    purpose,
    alg,
    publicJwk: { ...jwk, kid, alg, use: 'sig' },
    sealed,
    createdAt: now,
    retiredAt: null,
  }
}

/** @throws Problem `keys.cannot_open` when the master key is another one, or the row was altered */
export function openKey(stored: StoredKey, master: MasterKey): OpenedKey {
  const { alg, kid, publicJwk, purpose, sealed } = stored
  const plain = Buffer.from(master.open(sealed, placeOf(purpose, kid)))
  const privateKey = createPrivateKey({ key: plain, type: 'pkcs8', format: 'der' })
  plain.fill(0)
  const signing: SigningKey = {
    kid,
    alg,
    publicJwk,
    sign: (data) => signData(alg, privateKey, data),
  }
  const publicKey = createPublicKey(privateKey)
  // INVARIANT: what is published is the half of what signs, whatever somebody wrote into the row.
  if (!importPublicJwk(publicJwk).key.equals(publicKey))
    throw new Problem('keys.cannot_open', `what ${kid} publishes is not its own`)
  return { signing, publicKey }
}

/** What the private half of a key is sealed to. */
export function placeOf(purpose: string, kid: string): string {
  return `signing_keys/${purpose}/${kid}`
}
