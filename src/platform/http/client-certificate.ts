import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { sha256url } from '../lib/bytes.ts'
import type { Clock } from '../lib/clock.ts'
import { LruCache } from '../lib/lru-cache.ts'
import { Problem } from '../lib/problem.ts'
import { headerValues } from './header-values.ts'

/** The certificate with which a client proved at the TLS connection that it has a key. */
export interface ShownCertificate {
  /** SHA-256 of its DER form, base64url: `x5t#S256` (RFC 8705 section 3.1). */
  readonly x5t: string
  /** Public key, as a JWK. */
  readonly jwk: unknown
  /** DER. */
  readonly leaf: Uint8Array
  /** Certificates between it and an authority, DER; none of them is checked here. */
  readonly chain: readonly Uint8Array[]
}

interface ParsedCertificate extends Omit<ShownCertificate, 'chain'> {
  /** Epoch milliseconds. */
  readonly from: number
  readonly to: number
}

/** RFC 9440 section 2.2: a byte sequence of RFC 8941, which is base64 between colons. */
const VALUE = /^:([A-Za-z0-9+/]+={0,2}):$/
const MAX_CHARACTERS = 8_192
const MAX_CHAIN_CHARACTERS = 32_768
const MAX_KEPT = 2_000

/**
 * Reads client certificates from the proxy that ends TLS (RFC 9440). Only that proxy is believed,
 * by the address that it connects from; from anyone else the header is refused, because a caller that can
 * reach us past the proxy could write any certificate into it.
 */
export class ClientCertificates {
  readonly #from: ReadonlySet<string>
  readonly #clock: Clock
  readonly #kept = new LruCache<ParsedCertificate>(MAX_KEPT)

  constructor(given: { readonly from: readonly string[]; readonly clock: Clock }) {
    this.#from = new Set(given.from)
    this.#clock = given.clock
  }

  /** @throws Problem `request.bad_header` */
  read(message: IncomingMessage): ShownCertificate | undefined {
    const [value, ...more] = headerValues(message, 'client-cert')
    const chain = headerValues(message, 'client-cert-chain')
    if (value === undefined && chain.length === 0) return undefined
    if (!this.#from.has(addressOf(message)))
      throw badCertificateHeader('only the proxy in front of this server may send `Client-Cert`')
    if (value === undefined || more.length > 0 || chain.length > 1)
      throw badCertificateHeader('exactly one `Client-Cert` is needed')
    const certificate = this.#kept.get(value, '') ?? this.#kept.put(value, '', parse(value))
    const now = this.#clock.now()
    if (now < certificate.from || now >= certificate.to)
      throw badCertificateHeader('the client certificate is not valid at this time')
    return { ...certificate, chain: chain.flatMap(readChain) }
  }
}

/** IPv4 connections to an IPv6 socket have a longer name. */
function addressOf({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')
}

function parse(value: string): ParsedCertificate {
  const [, text] = value.length <= MAX_CHARACTERS ? (VALUE.exec(value) ?? []) : []
  if (text === undefined) throw badCertificateHeader('`Client-Cert` is not a byte sequence')
  const der = Buffer.from(text, 'base64')
  try {
    const certificate = new X509Certificate(der)
    // INVARIANT: the hash is of the certificate that was read, and of nothing beside it.
    if (!certificate.raw.equals(der) || der.toString('base64') !== text)
      throw new Error('there is more than one certificate')
    return {
      x5t: sha256url(der),
      leaf: der,
      jwk: certificate.publicKey.export({ format: 'jwk' }),
      from: Date.parse(certificate.validFrom),
      to: Date.parse(certificate.validTo),
    }
  } catch (cause) {
    throw new Problem('request.bad_header', '`Client-Cert` is not a certificate', { cause })
  }
}

/** RFC 9440 section 2.3: a list of byte sequences. */
function readChain(value: string): Uint8Array[] {
  if (value.length > MAX_CHAIN_CHARACTERS)
    throw badCertificateHeader('`Client-Cert-Chain` is too long')
  return value.split(',').map((each) => {
    const [, text] = VALUE.exec(each.trim()) ?? []
    if (text === undefined)
      throw badCertificateHeader('`Client-Cert-Chain` is not a list of byte sequences')
    return Buffer.from(text, 'base64')
  })
}

function badCertificateHeader(detail: string): Problem {
  return new Problem('request.bad_header', detail)
}
