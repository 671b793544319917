import { checkJwt, importPublicJwk, readCompact, readObject } from '../../jose/index.ts'
import { sha256url } from '../../lib/bytes.ts'
import type { Clock } from '../../lib/clock.ts'
import { isName } from '../../lib/id.ts'
import { LruCache } from '../../lib/lru-cache.ts'
import { Problem } from '../../lib/problem.ts'
import { programSecretDigest } from '../../lib/program-secret.ts'
import { type Live, type LiveView, ORGANIZATION } from '../../revocation/index.ts'
import type { Storage } from '../../storage/index.ts'
import { type Pep, type PepCredential, pepKey } from './pep.ts'
import { selectCredential, selectCredentials, selectPep, usedPepStep } from './pep-store.ts'

/** Credential by which one says who it is, as the edge has read it. */
export type PresentedPep =
  /** `name`: it said that, too (HTTP Basic). */
  | { readonly kind: 'secret'; readonly secret: string; readonly name?: string }
  | { readonly kind: 'assertion'; readonly jwt: string }

export interface KnownPep {
  readonly pep: Pep
  /** Organization and enforcement point: while it holds, this is who asks, with these settings. */
  readonly view: LiveView
}

interface Remembered extends Pick<KnownPep, 'pep'> {
  readonly epoch: number
  /** Time when an assertion expires, epoch milliseconds. */
  readonly expiresAt: number
}

/**
 * Type of its assertions: what agents authenticate with is never taken for one, nor the other way
 * round.
 */
export const PEP_JWT_TYPE = 'pep-authentication+jwt'
const MAX_LIFE_SECONDS = 300
const MAX_CHARACTERS = 4096
const MAX_KEPT = 2_000
/** A write per minute, not per question. */
const TOUCH_AFTER_MS = 60_000

/**
 * Register of the enforcement points that ask. What was found is kept, by the digest of what was
 * shown, for the epoch it was found under.
 * INVARIANT: the epoch is asked for each time, so nothing kept outlives a revocation, another
 * setting or an ended credential.
 */
export class Peps {
  readonly #parts: PepsParts
  readonly #kept = new LruCache<Remembered>(MAX_KEPT)
  readonly #touched = new Map<string, number>()

  constructor(parts: PepsParts) {
    this.#parts = parts
  }

  /**
   * Identifies an enforcement point without I/O: `undefined` where something has to be read, or
   * looked into.
   */
  atHand(presented: PresentedPep | undefined): KnownPep | undefined {
    return presented && this.#atHand(presented, sha256url(shownOf(presented)))
  }

  #atHand(presented: PresentedPep, digest: string): KnownPep | undefined {
    const kept = this.#kept.get(digest, 0)
    const view = kept && this.#parts.live.viewAtHand([ORGANIZATION, pepKey(kept.pep.name)])
    return view && this.#still(presented, kept, view)
  }

  #still(presented: PresentedPep, kept: Remembered, view: LiveView): KnownPep | undefined {
    const same = epochOf(view) === kept.epoch && kept.expiresAt > this.#parts.clock.now()
    if (!same || view.dead.length > 0 || !isNamed(presented, kept.pep.name)) return undefined
    return { pep: kept.pep, view }
  }

  /** Every failure is `pep.unauthenticated` in the same words; the true reason is its `cause`, for the log. */
  async identify(presented: PresentedPep | undefined): Promise<KnownPep> {
    if (!presented) throw unauthenticated(undefined)
    try {
      return await this.#identify(presented)
    } catch (cause) {
      // A store that cannot be reached says nothing about who asks.
      throw cause instanceof Problem && cause.status < 500 ? unauthenticated(cause) : cause
    }
  }

  async #identify(presented: PresentedPep): Promise<KnownPep> {
    const digest = sha256url(shownOf(presented))
    const kept = this.#kept.get(digest, 0)
    const still = kept && this.#still(presented, kept, await this.#view(kept.pep.name))
    if (still) return still
    const found =
      presented.kind === 'secret'
        ? await this.#bySecret(presented, digest)
        : await this.#byAssertion(presented.jwt)
    const { expiresAt, pep, view } = found
    this.#kept.put(digest, 0, { pep, epoch: epochOf(view), expiresAt })
    await this.#touch(pep)
    return { pep, view }
  }

  async #bySecret(
    presented: Extract<PresentedPep, { kind: 'secret' }>,
    digest: string,
  ): Promise<KnownPep & { expiresAt: number }> {
    if (!programSecretDigest('pep', presented.secret))
      throw new Problem('pep.unknown', 'this is no secret of ours')
    const { read } = this.#parts.storage
    const named = await selectCredential(read, digest)
    if (named?.kind !== 'secret') throw new Problem('pep.unknown', 'the secret is not known')
    checkName(presented, named.pep)
    const known = await this.#alive(named.pep)
    // INVARIANT: read again under the view that watches over it.
    const credential = await selectCredential(read, digest)
    if (credential?.endedAt !== null) throw new Problem('pep.unknown', 'the secret was ended')
    return { ...known, expiresAt: Number.POSITIVE_INFINITY }
  }

  /** RFC 7523 section 3, but for one thing: it may be shown again until it expires, as a bearer token may. */
  async #byAssertion(jwt: string): Promise<KnownPep & { expiresAt: number }> {
    const { clock, issuer, storage } = this.#parts
    const { header, payload } = readCompact(jwt, MAX_CHARACTERS)
    const { iss, sub } = readObject(payload, 'claims set')
    if (!isName(iss) || sub !== iss)
      throw new Problem('pep.unknown', '`iss` and `sub` do not both name the enforcement point')
    const known = await this.#alive(iss)
    const key = pick(await selectCredentials(storage.read, iss), header.kid)
    if (!key?.jwk) throw new Problem('pep.unknown', `\`${iss}\` has no key that fits the assertion`)
    const { jwk } = key
    const claims = await checkJwt(jwt, {
      typ: [PEP_JWT_TYPE],
      issuer: iss,
      audience: issuer,
      algorithms: ALGORITHMS_OF[jwk.kty],
      keyFor: () => importPublicJwk(jwk).key,
      clock,
      maxBytes: MAX_CHARACTERS,
      maxLifeSeconds: MAX_LIFE_SECONDS,
      fractions: true,
    })
    return { ...known, expiresAt: claims.exp * 1000 }
  }

  async #alive(name: string): Promise<KnownPep> {
    const view = await this.#view(name)
    const pep = await selectPep(this.#parts.storage.read, name)
    if (!pep || pep.revokedAt !== null || view.dead.some(({ kind }) => kind === 'pep'))
      throw new Problem('pep.unknown', `there is no enforcement point \`${name}\` in use`)
    return { pep, view }
  }

  #view(name: string): Promise<LiveView> {
    return this.#parts.live.view([ORGANIZATION, pepKey(name)])
  }

  async #touch({ lastUsedAt, name }: Pep): Promise<void> {
    const { clock, storage } = this.#parts
    const now = clock.now()
    if (now - (this.#touched.get(name) ?? lastUsedAt ?? 0) < TOUCH_AFTER_MS) return
    this.#touched.set(name, now)
    await storage.commit([usedPepStep(storage.read, name, now)])
  }
}

export interface PepsParts {
  readonly storage: Storage
  readonly live: Pick<Live, 'view' | 'viewAtHand'>
  readonly clock: Clock
  readonly issuer: string
}

const ALGORITHMS_OF = {
  EC: ['ES256'],
  OKP: ['Ed25519', 'EdDSA'],
  RSA: ['RS256', 'PS256'],
} as const

function epochOf(view: LiveView): number {
  return view.states.find(({ kind }) => kind === 'pep')?.epoch ?? 0
}

function shownOf(presented: PresentedPep): string {
  return presented.kind === 'secret' ? presented.secret : presented.jwt
}

function isNamed(presented: PresentedPep, name: string): boolean {
  return presented.kind !== 'secret' || (presented.name ?? name) === name
}

function checkName(presented: PresentedPep, name: string): void {
  if (!isNamed(presented, name))
    throw new Problem('pep.unknown', 'the secret is of another enforcement point')
}

/** Picks the key by `kid` (or thumbprint); without one, the only key there is. */
function pick(all: readonly PepCredential[], kid: string | undefined): PepCredential | undefined {
  const keys = all.filter(({ endedAt, kind }) => kind === 'key' && endedAt === null)
  if (kid !== undefined) return keys.find((key) => key.kid === kid || key.digest === kid)
  return keys.length === 1 ? keys[0] : undefined
}

function unauthenticated(cause: Problem | undefined): Problem {
  return new Problem(
    'pep.unauthenticated',
    'a credential of an enforcement point is required',
    cause ? { cause } : {},
  )
}
