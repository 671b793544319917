import type { KeyObject } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import type { Storage, Tx } from '../storage/index.ts'
import { CLOCK_SKEW_MS } from './check-jwt.ts'
import type { MasterKey } from './sealing/key-ring.ts'
import {
  makeKey,
  type OpenedKey,
  openKey,
  type PublishedJwk,
  type Purpose,
  type SigningKey,
  type StoredKey,
} from './signing-key.ts'
import { addKeyIfNone, readKeys, replaceKey } from './signing-key-store.ts'

/** Verifiers may hold our JWKS this long (`Cache-Control: max-age`), and replicas their own reading of it. */
export const JWKS_MAX_AGE_SECONDS = 300
/** A new key is published this long before it signs: twice what anyone may cache. */
export const ANNOUNCE_MS = 2 * JWKS_MAX_AGE_SECONDS * 1000
/** The longest a token may live (contract 4): until then a retired key's signatures are good. */
const LONGEST_LIFE_MS = 24 * 60 * 60 * 1000
/** It is published a little longer: a replica whose clock is late still signed with it, one whose clock is ahead still publishes it. */
const PUBLISHED_MS = LONGEST_LIFE_MS + 2 * CLOCK_SKEW_MS
const CHANNEL = 'signing_keys'

export interface SigningKeysOptions {
  storage: Storage
  master: MasterKey
  clock: Clock
  random: Random
}

/** A key for tokens, as operators see it. Times in epoch milliseconds. */
export interface TokensKey {
  readonly kid: string
  readonly alg: string
  readonly createdAt: number
  readonly state: 'announced' | 'signing' | 'retired'
  /** Of an announced one. */
  readonly signsFrom?: number | undefined
  /** From when it signs no more, and how long what it signed may be good. */
  readonly retiredAt?: number
  readonly goodUntil?: number
}

/**
 * Custody of our signing keys. Reads are from memory; `refresh` follows what other replicas did. Call it at least every
 * `JWKS_MAX_AGE_SECONDS`: then every replica knows a new key before the first token is signed with it.
 */
export class SigningKeys {
  readonly #options: SigningKeysOptions
  readonly #stopListening: () => void
  /** By `kid`, in the order in which they retire. Replaced as a whole. */
  #keys: ReadonlyMap<string, StoredKey & OpenedKey> = new Map()

  /** @internal use `loadSigningKeys` */
  constructor(options: SigningKeysOptions, onError: (error: unknown) => void) {
    this.#options = options
    this.#stopListening = options.storage.onNotify(CHANNEL, () => {
      this.refresh().catch(onError)
    })
  }

  /** ES256. The key that signs now: ask each time, it changes with rotation. */
  get tokens(): SigningKey {
    return this.#current('tokens').signing
  }

  /** Ed25519. */
  get ledger(): SigningKey {
    return this.#current('ledger').signing
  }

  /** The public halves that verify our tokens: announced, in use, and retired less than a token's life ago. */
  jwks(): { keys: PublishedJwk[] } {
    return { keys: this.#published().map((key) => key.publicJwk) }
  }

  /** The public key of a token's `kid`, as long as it is published. */
  find(kid: string | undefined): KeyObject | undefined {
    const key = kid === undefined ? undefined : this.#keys.get(kid)
    return key && this.#isPublished(key) ? key.publicKey : undefined
  }

  /** The keys for tokens: those that sign, will sign, or whose signatures may still be good. Oldest first. */
  list(): readonly TokensKey[] {
    const current = this.#current('tokens')
    return this.#published().map(({ alg, createdAt, kid, retiredAt }) => ({
      kid,
      alg,
      createdAt,
      state: kid === current.kid ? 'signing' : retiredAt === null ? 'announced' : 'retired',
      ...(retiredAt === null
        ? { signsFrom: kid === current.kid ? undefined : (current.retiredAt ?? undefined) }
        : { retiredAt, goodUntil: retiredAt + LONGEST_LIFE_MS }),
    }))
  }

  /** Reads the keys again, opening those that are new. On failure what was known stays. */
  async refresh(): Promise<void> {
    const { master, storage } = this.#options
    const keys = new Map<string, StoredKey & OpenedKey>()
    for (const stored of await readKeys(storage.read)) {
      const opened = this.#keys.get(stored.kid) ?? openKey(stored, master)
      keys.set(stored.kid, { ...opened, ...stored })
    }
    this.#keys = keys
  }

  /** Stops following other replicas. */
  close(): void {
    this.#stopListening()
  }

  #current(purpose: Purpose): StoredKey & OpenedKey {
    const now = this.#options.clock.now()
    for (const key of this.#keys.values()) {
      if (key.purpose === purpose && (key.retiredAt === null || now < key.retiredAt)) return key
    }
    throw new Error(`no ${purpose} key is in use`)
  }

  #published(): (StoredKey & OpenedKey)[] {
    return [...this.#keys.values()].filter((key) => this.#isPublished(key))
  }

  #isPublished({ purpose, retiredAt }: StoredKey): boolean {
    if (purpose !== 'tokens') return false
    return retiredAt === null || this.#options.clock.now() < retiredAt + PUBLISHED_MS
  }
}

/**
 * The signing keys, made at the first start.
 * @throws Problem `keys.cannot_open` when the stored keys were sealed with another master key
 */
export async function loadSigningKeys(
  options: SigningKeysOptions & { onError?: (error: unknown) => void },
): Promise<SigningKeys> {
  const { storage, master, random, clock } = options
  const found = await readKeys(storage.read)
  for (const purpose of ['tokens', 'ledger'] as const) {
    if (found.some((key) => key.purpose === purpose)) continue
    const key = makeKey(purpose, master, random, clock.now())
    await storage.transaction((tx) => addKeyIfNone(tx, key))
  }
  const keys = new SigningKeys(options, options.onError ?? (() => {}))
  await keys.refresh()
  return keys
}

/**
 * Begins a rotation of the tokens key: the new key is published at once and signs after everyone can know it
 * (10 minutes); the old one stays published until its last token has expired. Call `announceKeys` after the commit.
 * @throws Problem `keys.rotation_under_way`
 */
export async function rotateTokensKey(
  tx: Tx,
  options: Omit<SigningKeysOptions, 'storage'>,
): Promise<{ kid: string; signsFrom: number }> {
  const now = options.clock.now()
  const stored = await readKeys(tx)
  if (
    stored.some((key) => key.purpose === 'tokens' && key.retiredAt !== null && key.retiredAt > now)
  ) {
    throw new Problem('keys.rotation_under_way', 'the last new key does not sign yet')
  }
  const key = makeKey('tokens', options.master, options.random, now)
  const signsFrom = now + ANNOUNCE_MS
  await replaceKey(tx, key, signsFrom)
  return { kid: key.kid, signsFrom }
}

/** Tells every replica, this one too, to read the keys again. */
export function announceKeys(storage: Storage): void {
  storage.notify(CHANNEL)
}
