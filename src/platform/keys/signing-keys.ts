import type { KeyObject } from 'node:crypto'
import { CLOCK_SKEW_MS } from '../jose/index.ts'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import { DAY } from '../lib/time-units.ts'
import type { Storage, Tx } from '../storage/index.ts'
import type { GuardedSigner } from './external/guarded-signer.ts'
import type { MasterKey } from './seal/key-ring.ts'
import {
  type Custody,
  makeHeldKey,
  makeKey,
  type OpenedKey,
  openKey,
  type PublishedJwk,
  type Purpose,
  referenceOf,
  type SigningKey,
  type StoredKey,
} from './signing-key.ts'
import { addKeyIfNone, deleteKey, readSigningKeys, replaceKey } from './signing-key-store.ts'

/** Verifiers may hold our JWKS this long (`Cache-Control: max-age`), and replicas their own reading of it. */
export const JWKS_MAX_AGE_SECONDS = 300
/** A new key is published this long before it signs: twice what anyone may cache. */
export const ANNOUNCE_MS = 2 * JWKS_MAX_AGE_SECONDS * 1000
/** Maximum life of a token (contract 4): until then a retired key's signatures are good. */
const MAX_LIFE_MS = DAY
/**
 * Time that a retired key stays published. It is a little longer than a token's life: a replica
 * whose clock is late still signed with the key, and one whose clock is ahead still publishes it.
 */
const PUBLISHED_MS = MAX_LIFE_MS + 2 * CLOCK_SKEW_MS
/** Time after its last signature when a signer is checked again. */
const PROBE_AFTER_MS = 10_000
const CHANNEL = 'signing_keys'

export interface SigningKeysOptions {
  readonly storage: Storage
  readonly master: MasterKey
  readonly clock: Clock
  readonly random: Random
  /** Signer that holds the keys which are not here; needed as long as one of those signs. */
  readonly signer?: GuardedSigner | undefined
  /** Place where new keys for tokens are made. Default: here. */
  readonly madeIn?: Custody
}

/** A key for tokens, as operators see it. Times in epoch milliseconds. */
export interface TokensKey {
  readonly kid: string
  readonly alg: string
  readonly custody: Custody
  readonly createdAt: number
  readonly state: 'announced' | 'signing' | 'retired'
  /** Time from which an announced key signs. */
  readonly signsFrom?: number | undefined
  /** Time from which it signs no more, and time until which its signatures may be good. */
  readonly retiredAt?: number
  readonly goodUntil?: number
}

/**
 * Custody of our signing keys. Reads are from memory; `refresh` follows what other replicas did. Call it at least every
 * `JWKS_MAX_AGE_SECONDS`: then every replica knows a new key before the first token is signed with it.
 */
export class SigningKeys {
  readonly #options: SigningKeysOptions
  readonly #onError: (error: unknown) => void
  readonly #stopListening: () => void
  #probedAt = Number.NEGATIVE_INFINITY
  /** Keys by `kid`, in the order in which they retire. Replaced as a whole. */
  #keys: ReadonlyMap<string, StoredKey & OpenedKey> = new Map()

  /** @internal use `loadSigningKeys` */
  constructor(options: SigningKeysOptions, onError: (error: unknown) => void) {
    this.#options = options
    this.#onError = onError
    this.#stopListening = options.storage.onNotify(CHANNEL, () => {
      this.refresh().catch(onError)
    })
  }

  /** ES256. The key that signs now: ask each time, it changes with rotation. @throws Problem `keys.nothing_signs` */
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
    const current = this.#find('tokens')
    return this.#published().map(({ alg, createdAt, custody, kid, retiredAt }) => ({
      kid,
      alg,
      custody,
      createdAt,
      state: kid === current?.kid ? 'signing' : retiredAt === null ? 'announced' : 'retired',
      ...(retiredAt === null
        ? { signsFrom: kid === current?.kid ? undefined : (current?.retiredAt ?? undefined) }
        : { retiredAt, goodUntil: retiredAt + MAX_LIFE_MS }),
    }))
  }

  /** Reads the keys again, opening those that are new. On failure the known keys stay. */
  async refresh(): Promise<void> {
    const { master, signer, storage } = this.#options
    const keys = new Map<string, StoredKey & OpenedKey>()
    for (const stored of await readSigningKeys(storage.read)) {
      const opened = this.#keys.get(stored.kid) ?? openKey(stored, master, signer)
      keys.set(stored.kid, { ...opened, ...stored })
    }
    this.#keys = keys
  }

  /** True when new keys for tokens are made here, which takes no time and cannot fail. */
  get makesHere(): boolean {
    return this.#options.madeIn !== 'external'
  }

  /** A new key for tokens, made where such keys are made now, and not published yet. @throws Problem `keys.signer_…` */
  async make(): Promise<StoredKey> {
    const { clock, master, random, signer } = this.#options
    if (this.makesHere) return makeKey('tokens', master, random, clock.now())
    if (!signer)
      throw new Problem('keys.signer_missing', 'new keys need a signer, and none is configured')
    return makeHeldKey(signer, { clock, master, random })
  }

  /**
   * Deletes, at the external signer, a key that is in no row any more, or never was. It is tried
   * once; the log says if it stays.
   */
  async discard(key: StoredKey): Promise<void> {
    if (key.custody === 'here') return
    try {
      await this.#options.signer?.destroy(referenceOf(key, this.#options.master))
    } catch (error) {
      this.#onError(error)
    }
  }

  /** Forgets keys that are published no more, here and where they are held. */
  async forget(): Promise<void> {
    const now = this.#options.clock.now()
    for (const key of await readSigningKeys(this.#options.storage.read)) {
      const { kid, purpose, retiredAt } = key
      if (purpose !== 'tokens' || retiredAt === null || now < retiredAt + PUBLISHED_MS) continue
      if (await this.#options.storage.transaction((tx) => deleteKey(tx, kid)))
        await this.discard(key)
    }
  }

  /**
   * Checks, for readiness, that tokens can be signed. @throws Problem `keys.nothing_signs`,
   * `keys.signer_…`
   */
  async requireSigning(): Promise<void> {
    const { clock, signer } = this.#options
    const { custody, signing } = this.#current('tokens')
    if (custody === 'here') return
    const fresh = clock.monotonic() - this.#probedAt < PROBE_AFTER_MS
    if (fresh && signer?.failure === undefined) return
    await signing.sign(Buffer.from('could you sign'))
    this.#probedAt = clock.monotonic()
  }

  /** Warnings that an operator should see although everything works. */
  warnings(): readonly string[] {
    const { madeIn = 'here' } = this.#options
    const current = this.#find('tokens')
    if (!current || current.custody === madeIn || this.#hasNext()) return []
    return [
      `keys are made in ${madeIn}, and the one that signs tokens is in ${current.custody}: \`remit keys rotate\` changes that`,
    ]
  }

  /** Stops following other replicas. */
  async close(): Promise<void> {
    this.#stopListening()
    await this.#options.signer?.close()
  }

  #hasNext(): boolean {
    return this.list().some(({ state }) => state === 'announced')
  }

  #current(purpose: Purpose): StoredKey & OpenedKey {
    const key = this.#find(purpose)
    if (!key) throw new Problem('keys.nothing_signs', `no ${purpose} key is in use`)
    return key
  }

  #find(purpose: Purpose): (StoredKey & OpenedKey) | undefined {
    const now = this.#options.clock.now()
    for (const key of this.#keys.values()) {
      if (key.purpose === purpose && (key.retiredAt === null || now < key.retiredAt)) return key
    }
    return undefined
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
 * @throws Problem `keys.cannot_open` when the stored keys were sealed with another master key; `keys.signer_missing` when the one that
 * signs is held by a signer that is not configured; `keys.signer_…` when the first one cannot be made there
 */
export async function loadSigningKeys(
  options: SigningKeysOptions & { onError?: (error: unknown) => void },
): Promise<SigningKeys> {
  const { storage, master, random, clock } = options
  const keys = new SigningKeys(options, options.onError ?? (() => {}))
  const found = await readSigningKeys(storage.read)
  for (const purpose of ['tokens', 'ledger'] as const) {
    if (found.some((key) => key.purpose === purpose)) continue
    const key =
      purpose === 'tokens' ? await keys.make() : makeKey(purpose, master, random, clock.now())
    if (!(await storage.transaction((tx) => addKeyIfNone(tx, key)))) await keys.discard(key)
  }
  await keys.refresh()
  const signing = keys.list().find(({ state }) => state === 'signing')
  if (signing?.custody === 'external' && !options.signer)
    throw new Problem(
      'keys.signer_missing',
      `${signing.kid} signs tokens, and is held by a signer that is not configured`,
    )
  return keys
}

/**
 * Begins a rotation to a key that was just made: it is published at once and signs after everyone
 * can know it (10 minutes); the old one stays published until its last token has expired. Where
 * nothing signs, it signs at once. Call `announceKeys` after the commit.
 * @throws Problem `keys.rotation_under_way`
 */
export async function rotateTokensKey(
  tx: Tx,
  clock: Clock,
  key: StoredKey,
): Promise<{ kid: string; signsFrom: number }> {
  const now = clock.now()
  const stored = (await readSigningKeys(tx)).filter(({ purpose }) => purpose === 'tokens')
  if (stored.some(({ retiredAt }) => retiredAt !== null && retiredAt > now)) {
    throw new Problem('keys.rotation_under_way', 'the last new key does not sign yet')
  }
  const signs = stored.some(({ retiredAt }) => retiredAt === null)
  const signsFrom = signs ? now + ANNOUNCE_MS : now
  await replaceKey(tx, key, signsFrom)
  return { kid: key.kid, signsFrom }
}

/** Tells every replica, this one too, to read the keys again. */
export function announceKeys(storage: Storage): void {
  storage.notify(CHANNEL)
}
