import { type Algorithm, importVerificationJwk, isAlgorithm } from '../../platform/jose/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import {
  badTrustedIssuer,
  type IssuerAddressRules,
  type IssuerKey,
  type KeySource,
  type TrustedIssuer,
} from './trusted-issuer.ts'

/** Algorithms that tokens of others may be signed with. */
export const ISSUER_ALGORITHMS: readonly Algorithm[] = [
  'ES256',
  'PS256',
  'RS256',
  'Ed25519',
  'EdDSA',
]
/** JWT-SVID section 3.1 leaves EdDSA out; the longer ones of its list we know no keys for. */
const OF_SPIFFE: readonly Algorithm[] = ['ES256', 'PS256', 'RS256']
const MAX_KEYS = 20
const MAX_KID = 256
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** Throws `issuer.bad`. */
export function readKeySource(
  kind: TrustedIssuer['kind'],
  value: unknown,
  reach: IssuerAddressRules,
): KeySource {
  const given = issuerMembers(value)
  const [source, ...more] = Object.keys(given)
  if (source === undefined || more.length > 0)
    throw badTrustedIssuer('keys come from one place: discovery, jwks_uri, jwks or spiffe_bundle')
  const at = given[source]
  if (source === 'jwks') return { kind: 'jwks', keys: readSet(at) }
  if (kind === 'spiffe' && source !== 'spiffe_bundle')
    throw badTrustedIssuer(
      'the keys of a trust domain come from its bundle endpoint, or are given: jwks',
    )
  if (source === 'spiffe_bundle' && kind === 'spiffe')
    return { kind: 'spiffe_bundle', url: readIssuerAddress(at, reach) }
  if (source === 'jwks_uri') return { kind: 'jwks_uri', url: readIssuerAddress(at, reach) }
  if (source === 'discovery' && at === true) return { kind: 'discovery' }
  throw badTrustedIssuer(
    'keys come from discovery, jwks_uri, jwks or, of a trust domain, spiffe_bundle',
  )
}

/** Throws `issuer.bad`. */
export function readAlgorithms(
  kind: TrustedIssuer['kind'],
  wanted: readonly string[] | undefined,
): readonly Algorithm[] {
  const possible = kind === 'spiffe' ? OF_SPIFFE : ISSUER_ALGORITHMS
  if (wanted === undefined) return possible
  const known = wanted.filter(isAlgorithm).filter((alg) => possible.includes(alg))
  if (known.length === 0 || known.length !== wanted.length || new Set(known).size !== known.length)
    throw badTrustedIssuer(`algorithms are among ${possible.join(', ')}`)
  return known
}

/** An https URL written one way; plain HTTP only on this very computer, and only where that is allowed. */
export function isAddress(
  text: string,
  { loopback }: Pick<IssuerAddressRules, 'loopback'>,
): boolean {
  const url = text.length <= 2048 && text.isWellFormed() ? URL.parse(text) : null
  if (!url || url.username || url.password || text.includes('#') || /[^\x21-\x7e]/.test(text))
    return false
  // Compared as text, so it is kept as text; what a parser would write differently is two addresses.
  if (url.href !== text && url.href !== `${text}/`) return false
  if (LOOPBACK.has(url.hostname)) return loopback
  return url.protocol === 'https:'
}

/** SPIFFE-ID section 2.1: lower case, no port, no user. */
export function isDomain(text: string): boolean {
  return /^[a-z0-9._-]{1,255}$/.test(text)
}

export function issuerMembers(value: unknown): { readonly [name: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badTrustedIssuer('an object is needed')
  return { ...value }
}

export function readIssuerAddress(
  value: unknown,
  reach: Pick<IssuerAddressRules, 'loopback'>,
): string {
  if (typeof value !== 'string' || !isAddress(value, reach))
    throw badTrustedIssuer('an address is an https URL without user and fragment')
  return value
}

function readSet(value: unknown): IssuerKey[] {
  const { keys } = issuerMembers(value)
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MAX_KEYS)
    throw badTrustedIssuer(`a key set has 1 to ${MAX_KEYS} keys`)
  const read = keys.map(readKey)
  const kids = read.flatMap(({ kid }) => (kid === null ? [] : [kid]))
  if (new Set(kids).size !== kids.length) throw badTrustedIssuer('two keys have the same `kid`')
  return read
}

function readKey(value: unknown): IssuerKey {
  const { kid = null } = issuerMembers(value)
  if (kid !== null && (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID))
    throw badTrustedIssuer('`kid` is a short text')
  try {
    const { alg, jwk } = importVerificationJwk(value)
    return { kid, jwk, ...(alg === undefined ? {} : { alg }) }
  } catch (error) {
    if (error instanceof Problem) throw badTrustedIssuer(`a key cannot be used: ${error.detail}`)
    throw error
  }
}
