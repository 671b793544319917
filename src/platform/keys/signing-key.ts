import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { importPublicJwk, type PublicJwk, signData } from '../jose/index.ts'
import type { Clock } from '../lib/clock.ts'
import { type Id, newId } from '../lib/id.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import type { GuardedSigner } from './external/guarded-signer.ts'
import type { MasterKey } from './seal/key-ring.ts'

/** `tokens` signs what others verify with our JWKS; `ledger` signs checkpoints. A key never does both. */
export type Purpose = 'tokens' | 'ledger'

/**
 * A private key that never leaves this module, or never came here; holders of this object can sign
 * with it, and nothing else.
 */
export interface SigningKey {
  readonly kid: Id<'key'>
  readonly alg: 'ES256' | 'Ed25519'
  /** Public half with `kid`, `alg` and `use`, as published. */
  readonly publicJwk: PublishedJwk
  /** Signs on the thread pool, or elsewhere; JOSE form, 64 bytes. @throws Problem `keys.signer_…` */
  sign(data: Uint8Array): Promise<Uint8Array>
}

export type PublishedJwk = PublicJwk & {
  readonly kid: string
  readonly alg: string
  readonly use: 'sig'
}

/** Places of a private half: here, sealed; or with an external signer. */
export const CUSTODIES = ['here', 'external'] as const
export type Custody = (typeof CUSTODIES)[number]

/**
 * Algorithms by purpose, in RFC 9864 names for what RFC 8037 calls EdDSA; P-256 for tokens because
 * every verifier has it.
 */
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
  /** Private half; for a key that is held elsewhere, its reference there and its public half. */
  readonly sealed: Uint8Array
  readonly custody: Custody
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
  const sealed = master.seal(plain, signingKeyPlace(purpose, kid))
  plain.fill(0)
  const { jwk } = importPublicJwk(publicKey.export({ format: 'jwk' }))
  return {
    kid,
    purpose,
    alg,
    publicJwk: { ...jwk, kid, alg, use: 'sig' },
    sealed,
    custody: 'here',
    createdAt: now,
    retiredAt: null,
  }
}

/**
 * A new key for tokens whose private half stays with the signer.
 * @throws Problem `keys.signer_unavailable`, `keys.signer_wrong`
 */
export async function makeHeldKey(
  signer: Pick<GuardedSigner, 'make'>,
  { clock, master, random }: { master: MasterKey; random: Random; clock: Clock },
): Promise<StoredKey> {
  const kid = newId('key', random)
  const { jwk, reference } = await signer.make(kid)
  return {
    kid,
    purpose: 'tokens',
    alg: 'ES256',
    publicJwk: { ...jwk, kid, alg: 'ES256', use: 'sig' },
    sealed: master.seal(JSON.stringify({ reference, jwk }), signingKeyPlace('tokens', kid)),
    custody: 'external',
    createdAt: clock.now(),
    retiredAt: null,
  }
}

/** Reference of a key that is held elsewhere. @throws Problem `keys.cannot_open` */
export function referenceOf(stored: StoredKey, master: Pick<MasterKey, 'open'>): string {
  return heldOf(stored, master).reference
}

function heldOf(stored: StoredKey, master: Pick<MasterKey, 'open'>) {
  const plain = Buffer.from(master.open(stored.sealed, signingKeyPlace(stored.purpose, stored.kid)))
  const { jwk, reference } = JSON.parse(plain.toString()) as { jwk: PublicJwk; reference: string } // as: sealed by `makeHeldKey`
  return { reference, publicKey: importPublicJwk(jwk).key }
}

/** @throws Problem `keys.cannot_open` when the master key is another one, or the row was altered */
export function openKey(
  stored: StoredKey,
  master: MasterKey,
  signer: Pick<GuardedSigner, 'sign'> | undefined,
): OpenedKey {
  const opened =
    stored.custody === 'here' ? openHere(stored, master) : openHeld(stored, master, signer)
  // INVARIANT: the published key is the half of the one that signs, whatever was written into the row.
  if (!importPublicJwk(stored.publicJwk).key.equals(opened.publicKey))
    throw new Problem(
      'keys.cannot_open',
      `the public key of ${stored.kid} does not belong to its private key`,
    )
  return opened
}

/**
 * Opens a key that an external signer holds. INVARIANT: where the signer does not sign, nothing
 * does.
 */
function openHeld(
  stored: StoredKey,
  master: MasterKey,
  signer: Pick<GuardedSigner, 'sign'> | undefined,
): OpenedKey {
  const { alg, kid, publicJwk } = stored
  const { publicKey, reference } = heldOf(stored, master)
  const sign = async (data: Uint8Array) => {
    if (!signer)
      throw new Problem('keys.signer_missing', `${kid} is held by a signer that is not configured`)
    return signer.sign({ kid, reference, publicKey }, data)
  }
  return { publicKey, signing: { kid, alg, publicJwk, sign } }
}

function openHere(stored: StoredKey, master: MasterKey): OpenedKey {
  const { alg, kid, publicJwk, purpose, sealed } = stored
  const plain = Buffer.from(master.open(sealed, signingKeyPlace(purpose, kid)))
  const privateKey = createPrivateKey({ key: plain, type: 'pkcs8', format: 'der' })
  plain.fill(0)
  const signing: SigningKey = {
    kid,
    alg,
    publicJwk,
    sign: (data) => signData(alg, privateKey, data),
  }
  return { signing, publicKey: createPublicKey(privateKey) }
}

/** Place that the private half of a key is sealed to. */
export function signingKeyPlace(purpose: string, kid: string): string {
  return `signing_keys/${purpose}/${kid}`
}
