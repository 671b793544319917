import { X509Certificate } from 'node:crypto'
import type { Certificate } from 'pkijs'
import { weaknessOf } from '../../jose/index.ts'
import { Problem } from '../../lib/problem.ts'
import { checkConstraints } from './constraints.ts'
import { parsedExtension as parsed, untrustedCertificate } from './extension.ts'
import { bytesIn, type CertificateNames, namesInCertificate } from './names.ts'
import { leadToAnchor } from './path-building.ts'

/** Certificates in DER: the client's own, and those between it and a trusted authority. */
export interface ShownPath {
  readonly leaf: Uint8Array
  readonly chain: readonly Uint8Array[]
}

/**
 * A checked certificate: a trusted authority signed it for this holder. Times are epoch
 * milliseconds.
 */
export interface CheckedCertificate extends CertificateNames {
  readonly from: number
  readonly to: number
  /** URIs in the certificates between it and the anchor. */
  readonly signedBy: readonly string[]
}

const MAX_BETWEEN = 4
const KEY_USAGE = '2.5.29.15'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const BASIC_CONSTRAINTS = '2.5.29.19'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const ANY_PURPOSE = '2.5.29.37.0'
/** Bits of `keyUsage`, first byte (RFC 5280 section 4.2.1.3). */
const DIGITAL_SIGNATURE = 0x80
const CERT_SIGN = 0x04
const CRL_SIGN = 0x02
/**
 * Extensions that are checked, here or in the library, all of them. A critical one that is none of
 * these is refused.
 */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  KEY_USAGE,
  EXTENDED_KEY_USAGE,
  '2.5.29.17', // subjectAltName
  BASIC_CONSTRAINTS,
  '2.5.29.30', // nameConstraints
  '2.5.29.32', // certificatePolicies
  '2.5.29.36', // policyConstraints
])
/** Signature algorithms of RFC 8017, RFC 5758 and RFC 8410: SHA-1 and older are not accepted. */
const SIGNATURES: ReadonlySet<string> = new Set([
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
])

/**
 * Validates a path (RFC 5280 section 6) with a library, and checks what the library leaves open:
 * that a client may authenticate with the certificate, and that its holder does not sign others.
 * Revocation is not checked: such certificates are short-lived, or are taken away by name.
 * @throws Problem `certificate.not_trusted`
 */
export async function checkPath(
  { chain, leaf }: ShownPath,
  { anchors, now }: { readonly anchors: readonly Uint8Array[]; readonly now: number },
): Promise<CheckedCertificate> {
  if (anchors.length === 0)
    throw untrustedCertificate('no authority is trusted to sign certificates')
  if (chain.length > MAX_BETWEEN)
    throw untrustedCertificate('there are too many certificates in between')
  const { Certificate: Read, CertificateChainValidationEngine: Engine } = await import('pkijs')
  try {
    const way = wayOf({ leaf, chain }, anchors, now)
    if (!way) throw untrustedCertificate('it leads to no trusted authority')
    const read = way.map(({ raw }) => Read.fromBER(Uint8Array.from(raw)))
    const [own, ...above] = read
    const anchor = above.pop()
    if (!own || !anchor) throw untrustedCertificate('it leads to no trusted authority')
    const engine = new Engine({
      trustedCerts: [anchor],
      certs: [...above, own],
      checkDate: new Date(now),
      // INVARIANT: the library goes this way or none.
      findIssuer: async (certificate, all, crypto) => {
        const next = read[read.indexOf(certificate) + 1]
        const found = await all.defaultFindIssuer(certificate, all, crypto)
        return found.filter((each) => each === next)
      },
    })
    const { certificatePath = [], result, resultMessage } = await engine.verify()
    if (!result) throw untrustedCertificate(resultMessage)
    const path = certificatePath.map(derOf)
    // INVARIANT: the validated certificate is the one that was shown, whatever else came with it.
    if (!path[0] || !same(path[0], leaf))
      throw untrustedCertificate('another certificate was validated')
    checkSigned(path.map((der) => new X509Certificate(der)))
    certificatePath.forEach(checkStrength)
    certificatePath.forEach(checkDepth)
    certificatePath.slice(1).forEach(checkPurpose)
    checkConstraints(certificatePath)
    checkHolder(own)
    const { validFrom, validTo } = new X509Certificate(leaf)
    const between = await Promise.all(certificatePath.slice(1, -1).map(namesInCertificate))
    return {
      ...(await namesInCertificate(own)),
      from: Date.parse(validFrom),
      to: Date.parse(validTo),
      signedBy: between.flatMap(({ uris }) => uris),
    }
  } catch (cause) {
    if (cause instanceof Problem) throw cause
    throw untrustedCertificate('the certificate cannot be read', cause)
  }
}

function wayOf({ chain, leaf }: ShownPath, anchors: readonly Uint8Array[], now: number) {
  const parseCertificate = (der: Uint8Array) => new X509Certificate(der)
  const between = chain.filter((der) => !same(der, leaf)).map(parseCertificate)
  return leadToAnchor(parseCertificate(leaf), {
    anchors: anchors.map(parseCertificate),
    between,
    now,
  })
}

/**
 * Checks the signatures along the path: the library's word is not the only one for who signed what.
 */
function checkSigned(path: readonly X509Certificate[]): void {
  for (const [i, certificate] of path.entries()) {
    const issuer = path[i + 1]
    if (!issuer) return
    if (!issuer.ca || !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
      throw untrustedCertificate('it is not signed by whom it names')
  }
}

function checkStrength(certificate: Certificate, i: number, path: readonly Certificate[]): void {
  const { signatureAlgorithm, extensions = [] } = certificate
  const unknown = extensions.find(({ critical, extnID }) => critical && !UNDERSTOOD.has(extnID))
  if (unknown) throw untrustedCertificate(`its extension is not supported: ${unknown.extnID}`)
  // What an anchor signed itself with means nothing.
  if (i < path.length - 1 && !SIGNATURES.has(signatureAlgorithm.algorithmId))
    throw untrustedCertificate('it is signed in a way that does not count')
  const weakness = weaknessOf(new X509Certificate(derOf(certificate)).publicKey)
  if (weakness !== undefined) throw untrustedCertificate(`a key does not count: ${weakness}`)
}

/**
 * Checks how many authorities may be below one (RFC 5280 section 6.1.4 (l, m)), which the library
 * leaves out.
 */
function checkDepth(certificate: Certificate, i: number): void {
  const constraints = parsed(certificate, BASIC_CONSTRAINTS)
  const most: unknown = constraints && Reflect.get(constraints, 'pathLenConstraint')
  if (most === undefined) return
  // A value too large for a number is an object, and larger than any path here.
  if (i > 0 && typeof most === 'number' && i - 1 > most)
    throw untrustedCertificate('there are more authorities than one of them allows')
}

/**
 * Checks the holder by SPIFFE X.509-SVID sections 4.1 to 4.3 and 5.1, which any client's
 * certificate should meet.
 */
function checkHolder(own: Certificate): void {
  const constraints = parsed(own, BASIC_CONSTRAINTS)
  if (constraints && Reflect.get(constraints, 'cA') === true)
    throw untrustedCertificate('it belongs to an authority')
  const usage = bitsOf(own)
  if (usage !== undefined && (usage & (CERT_SIGN | CRL_SIGN)) !== 0)
    throw untrustedCertificate('its key is for signing certificates')
  if (usage !== undefined && (usage & DIGITAL_SIGNATURE) === 0)
    throw untrustedCertificate('its key is not for signing')
  if (purposesOf(own)?.includes(CLIENT_AUTH) === false)
    throw untrustedCertificate('it is not for clients')
}

/**
 * Checks the purposes of an authority as TLS everywhere reads them: an authority that names
 * purposes signs for nothing else, so one for servers does not sign for clients.
 */
function checkPurpose(authority: Certificate): void {
  const purposes = purposesOf(authority)
  if (purposes && !purposes.includes(CLIENT_AUTH) && !purposes.includes(ANY_PURPOSE))
    throw untrustedCertificate('its authority does not sign for clients')
}

/** Purposes of a certificate; `undefined`: it names none. */
function purposesOf(certificate: Certificate): readonly unknown[] | undefined {
  const extended = parsed(certificate, EXTENDED_KEY_USAGE)
  if (!extended) return undefined
  const purposes: unknown = Reflect.get(extended, 'keyPurposes')
  return Array.isArray(purposes) ? purposes : []
}

function bitsOf(certificate: Certificate): number | undefined {
  const usage = parsed(certificate, KEY_USAGE)
  if (!usage) return undefined
  const bytes = bytesIn(usage)
  if (!bytes) throw untrustedCertificate('its key usage cannot be read')
  return bytes[0] ?? 0
}

function derOf(certificate: Certificate): Uint8Array {
  return new Uint8Array(certificate.toSchema(false).toBER(false))
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one).equals(other)
}
