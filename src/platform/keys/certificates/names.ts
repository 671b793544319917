import { isIPv6 } from 'node:net'
import type { Certificate, RelativeDistinguishedNames } from 'pkijs'

/** Names that a certificate gives its holder. */
export interface CertificateNames {
  /** RFC 4514, as `openssl x509 -nameopt RFC2253` writes it; nothing where it could be written in two ways. */
  readonly subject: string | undefined
  readonly dns: readonly string[]
  readonly uris: readonly string[]
  /** IP addresses, in one form. */
  readonly ips: readonly string[]
  readonly emails: readonly string[]
}

/** Tags of GeneralName (RFC 5280 section 4.2.1.6). */
export const GENERAL_NAME = { email: 1, dns: 2, directory: 4, uri: 6, ip: 7 } as const

/** Short names of attributes (RFC 4514 section 3). */
const SHORT: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
}

export async function namesInCertificate(certificate: Certificate): Promise<CertificateNames> {
  const { AltName } = await import('pkijs')
  const found = certificate.extensions?.find(({ extnID }) => extnID === '2.5.29.17')?.parsedValue
  const names = found instanceof AltName ? found.altNames : []
  const texts = (tag: number) =>
    names.flatMap(({ type, value }) => (type === tag && typeof value === 'string' ? [value] : []))
  return {
    subject: subjectOf(certificate.subject),
    dns: texts(GENERAL_NAME.dns).map((name) => name.toLowerCase()),
    uris: texts(GENERAL_NAME.uri),
    ips: names.flatMap(({ type, value }) => (type === GENERAL_NAME.ip ? addressOf(value) : [])),
    emails: texts(GENERAL_NAME.email),
  }
}

/**
 * Normalises an IP address, so that addresses of certificates can be compared; `undefined`: it is
 * none.
 */
export function certificateAddress(text: string): string | undefined {
  if (isIPv6(text)) return URL.parse(`http://[${text}]`)?.hostname.slice(1, -1)
  return /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text) ? text : undefined
}

/** Bytes of an octet string. */
export function bytesIn(value: unknown): Uint8Array | undefined {
  const block: unknown = typeof value === 'object' && value && Reflect.get(value, 'valueBlock')
  const bytes: unknown = typeof block === 'object' && block && Reflect.get(block, 'valueHexView')
  return bytes instanceof Uint8Array ? bytes : undefined
}

function addressOf(value: unknown): string[] {
  const bytes = bytesIn(value)
  if (!bytes) return []
  if (bytes.length === 4) return [bytes.join('.')]
  if (bytes.length !== 16) return []
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0)).toString(16),
  )
  return [certificateAddress(groups.join(':')) ?? ''].filter((text) => text !== '')
}

/**
 * Subject as text; `undefined` where several attributes share a place, or one is of a kind without
 * a short name or no text: then it is unknown what an administrator would have written.
 */
function subjectOf(name: RelativeDistinguishedNames): string | undefined {
  const { typesAndValues } = name
  if (typesAndValues.length === 0 || !isSingle(name)) return undefined
  const parts: string[] = []
  for (const { type, value } of typesAndValues.toReversed()) {
    const { value: text }: { value?: unknown } = Object(value.valueBlock)
    const short = SHORT[type]
    if (short === undefined || typeof text !== 'string') return undefined
    parts.push(`${short}=${escaped(text)}`)
  }
  return parts.join(',')
}

/** Checks whether each place has one attribute. */
function isSingle(name: RelativeDistinguishedNames): boolean {
  const { value: places }: { value?: unknown } = Object(name.toSchema().valueBlock)
  return (
    Array.isArray(places) &&
    places.every((place: unknown) => {
      const { value }: { value?: unknown } = Object(Object(place).valueBlock)
      return Array.isArray(value) && value.length === 1
    })
  )
}

/** Escapes a value (RFC 4514 section 2.4). */
function escaped(text: string): string {
  return text
    .replaceAll(/[\\"+,;<>]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/(?<!^) $/, '\\ ')
}
