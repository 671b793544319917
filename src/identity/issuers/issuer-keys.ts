import type { KeyObject } from 'node:crypto'
import {
  importPublicJwk,
  importVerificationJwk,
  type JoseHeader,
} from '../../platform/jose/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { ExactNumber, type Json } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import {
  type Outbound,
  type OutboundOptions,
  type RemoteKeys,
  remoteKeys,
} from '../../platform/net/index.ts'
import type { IssuerKey, TrustedIssuer } from './trusted-issuer.ts'

const JWT_SVID = 'jwt-svid'
/** Time that the address of an issuer's keys counts. */
const FRESH_MS = HOUR
/** Least time between two looks at its metadata, whatever came of the first. */
const PAUSE_MS = 30_000
const MAX_METADATA = 64 * 1024

export type Connector = (options: OutboundOptions) => Outbound

type Finder = (header: JoseHeader) => Promise<KeyObject | undefined>

/**
 * Keys of trusted issuers. Each registration has a set of its own, which is never merged with another's. Where keys are
 * fetched from is what an administrator said, or what the issuer's own metadata says; never what a token says.
 */
export class IssuerKeys {
  readonly #clock: Clock
  readonly #connect: Connector
  readonly #outbounds = new Map<string, Outbound>()
  readonly #sets = new Map<string, RemoteKeys<KeyObject>>()
  readonly #authorities = new Map<string, RemoteKeys<Uint8Array>>()
  readonly #addresses = new Map<string, { readonly at: number; found: Promise<string> }>()

  constructor(clock: Clock, connect: Connector) {
    this.#clock = clock
    this.#connect = connect
  }

  /**
   * Finds a key by `kid`, or the only key that fits where the token names none. Throws
   * `outbound.…`, `issuer.unreachable`.
   */
  find(issuer: TrustedIssuer): Finder {
    const { keys } = issuer
    switch (keys.kind) {
      case 'jwks':
        return async (header) => pick(keys.keys, header)
      case 'jwks_uri':
        return (header) => this.#set(issuer, keys.url, keys.url).find(header)
      case 'spiffe_bundle':
        return (header) => this.#bundle(issuer, keys.url).find(header)
      case 'discovery':
        return async (header) => {
          const url = await this.#address(issuer)
          return this.#set(issuer, url, issuer.issuer).find(header)
        }
    }
  }

  /**
   * Lists the authorities of a trust domain, DER: those of its bundle (SPIFFE Trust Domain and
   * Bundle section 4.2.2), and no others.
   */
  async authorities(issuer: TrustedIssuer): Promise<readonly Uint8Array[]> {
    const { keys, name } = issuer
    if (keys.kind !== 'spiffe_bundle') return []
    const key = `${name} ${keys.url}`
    const known =
      this.#authorities.get(key) ??
      remoteKeys({
        ...this.#source(keys.url, keys.url),
        read: authority,
        use: 'x509-svid',
        freshFor: (bundle) => milliseconds(bundle.get('spiffe_refresh_hint')),
      })
    this.#authorities.set(key, known)
    return known.all()
  }

  /** One whole exchange with the issuer, by the same rules. `at`: what an administrator registered. */
  outboundFor(at: string): Outbound {
    const { origin } = new URL(at)
    const known = this.#outbounds.get(origin)
    if (known) return known
    // INVARIANT: the registered origin alone may be private; what its metadata points to may not.
    const outbound = this.#connect({ allowOrigins: (other) => other === origin, connections: 4 })
    this.#outbounds.set(origin, outbound)
    return outbound
  }

  async close(): Promise<void> {
    for (const outbound of this.#outbounds.values()) await outbound.close()
  }

  #set(issuer: TrustedIssuer, url: string, registered: string): RemoteKeys<KeyObject> {
    return this.#kept(`${issuer.name} ${url}`, () =>
      remoteKeys({ ...this.#source(url, registered), read: publicKey }),
    )
  }

  #bundle(issuer: TrustedIssuer, url: string): RemoteKeys<KeyObject> {
    return this.#kept(`${issuer.name} ${url}`, () =>
      remoteKeys({
        ...this.#source(url, url),
        read: svidKey,
        use: JWT_SVID,
        freshFor: (bundle) => milliseconds(bundle.get('spiffe_refresh_hint')),
      }),
    )
  }

  #source(url: string, registered: string) {
    const { fetchJson } = this.outboundFor(registered)
    return { url, fetchJson, clock: this.#clock }
  }

  #kept(key: string, make: () => RemoteKeys<KeyObject>): RemoteKeys<KeyObject> {
    const known = this.#sets.get(key)
    if (known) return known
    const made = make()
    this.#sets.set(key, made)
    return made
  }

  /** `jwks_uri` of the issuer's metadata, asked for once by all who wait. A failure stands for a while, too. */
  #address({ issuer }: TrustedIssuer): Promise<string> {
    const now = this.#clock.monotonic()
    const known = this.#addresses.get(issuer)
    if (known && now - known.at < FRESH_MS) return known.found
    const found = this.#discover(issuer)
    const entry = { at: now, found }
    this.#addresses.set(issuer, entry)
    found.catch(() => {
      this.#addresses.set(issuer, { at: now - FRESH_MS + PAUSE_MS, found })
    })
    return found
  }

  /** OpenID Connect Discovery 1.0 section 4; where there is no such document, RFC 8414 section 3. */
  async #discover(issuer: string): Promise<string> {
    const { fetchJson } = this.outboundFor(issuer)
    const fetchJwksUri = async (url: string) => {
      const metadata = await fetchJson(url, { maxBytes: MAX_METADATA })
      return jwksUri(metadata, issuer)
    }
    const base = issuer.replace(/\/$/, '')
    try {
      return await fetchJwksUri(`${base}/.well-known/openid-configuration`)
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'outbound.unexpected_answer') throw error
    }
    const { origin, pathname } = new URL(base)
    const path = pathname === '/' ? '' : pathname
    return fetchJwksUri(`${origin}/.well-known/oauth-authorization-server${path}`)
  }
}

/** RFC 8414 section 3.3: a document with another issuer is not used. */
function jwksUri(metadata: Json, issuer: string): string {
  const said = metadata instanceof Map ? metadata : new Map<string, Json>()
  const url = said.get('jwks_uri')
  if (said.get('issuer') !== issuer || typeof url !== 'string')
    throw new Problem(
      'issuer.unreachable',
      `the metadata of ${issuer} names another issuer, or no keys`,
    )
  return url
}

/** One certificate, base64 (RFC 7517 section 4.7). */
function authority({ x5c }: Readonly<Record<string, unknown>>): Uint8Array {
  const [only, ...more]: readonly unknown[] = Array.isArray(x5c) ? x5c : []
  if (typeof only !== 'string' || more.length > 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(only))
    throw new Problem('certificate.not_trusted', 'an authority is not one certificate')
  return Buffer.from(only, 'base64')
}

/** Kinds that nothing can be verified with are passed over. */
function publicKey(jwk: Readonly<Record<string, unknown>>): KeyObject {
  return importVerificationJwk(jwk).key
}

/**
 * Reads a key of a trust domain, whose bundle says that it is for JWT-SVIDs (SPIFFE-BUNDLE section
 * 4.2.2).
 */
function svidKey(jwk: Readonly<Record<string, unknown>>): KeyObject {
  return importVerificationJwk(jwk, JWT_SVID).key
}

function pick(keys: readonly IssuerKey[], { alg, kid }: JoseHeader): KeyObject | undefined {
  const found = keys.filter(
    (key) => (key.alg ?? alg) === alg && (kid === undefined || key.kid === kid),
  )
  const [only, another] = found
  return only && !another ? importPublicJwk(only.jwk).key : undefined
}

function milliseconds(hint: Json | undefined): number | undefined {
  const seconds = hint instanceof ExactNumber ? Number(hint.text) : Number.NaN
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined
}
