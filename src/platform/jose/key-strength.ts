import type { KeyObject } from 'node:crypto'

/**
 * Bits of RSA keys: shorter ones no longer count (NIST SP 800-131A), longer ones cost too much to
 * check.
 */
const RSA_BITS = { min: 2048, max: 8192 }
/** Curves of NIST SP 800-186, as OpenSSL names them. */
const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

/**
 * Weakness of a public key that signatures are to be checked with; `undefined` when it is strong
 * enough. This is the only such check, for keys in JWKs and in certificates.
 */
export function weaknessOf(key: KeyObject): string | undefined {
  const { modulusLength = 0, namedCurve = '', publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      if (modulusLength < RSA_BITS.min) return `an RSA key has ${RSA_BITS.min} bits at least`
      if (modulusLength > RSA_BITS.max) return `an RSA key has ${RSA_BITS.max} bits at most`
      if (publicExponent < 3n || publicExponent % 2n === 0n) return 'its exponent is none'
      return isRoca(modulusOf(key))
        ? 'it was made by a chip whose keys can be computed (ROCA)'
        : undefined
    case 'ec':
      return CURVES.has(namedCurve)
        ? undefined
        : 'it is on none of the curves P-256, P-384 and P-521'
    case 'ed25519':
    case 'ed448':
      return undefined
    default:
      return 'it is neither RSA, ECDSA nor EdDSA'
  }
}

function modulusOf(key: KeyObject): bigint {
  // What has RSA's public parts has them as a JWK; a key for PSS alone is exported as none.
  if (key.asymmetricKeyType !== 'rsa') return 0n
  const { n = '' } = key.export({ format: 'jwk' })
  return n === '' ? 0n : BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`)
}

/** The odd primes up to 167, as in the fingerprint that its finders published. */
const PRIMES = Array.from({ length: 165 }, (_, i) => i + 3).filter((n) => isPrime(n))

/** Remainders that powers of 65537 leave, by prime: primes of such chips leave no others. */
const REMAINDERS = PRIMES.map((prime) => [BigInt(prime), powersOf(65_537 % prime, prime)] as const)

/**
 * Detects keys of CVE-2017-15361 (Nemec et al., "The Return of Coppersmith's Attack", section 2.3).
 * Of other keys, one in 2^27 looks like this.
 */
function isRoca(modulus: bigint): boolean {
  if (modulus === 0n) return false
  return REMAINDERS.every(([prime, remainders]) => remainders.has(modulus % prime))
}

function powersOf(base: number, prime: number): ReadonlySet<bigint> {
  const powers = new Set<bigint>()
  for (let power = 1; !powers.has(BigInt(power)); power = (power * base) % prime)
    powers.add(BigInt(power))
  return powers
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false
  return true
}
