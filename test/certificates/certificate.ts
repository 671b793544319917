import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import { sha256url } from '../../src/platform/lib/bytes.ts'

/** A key, and a certificate that it signed for itself. */
export interface SelfSigned {
  readonly key: KeyObject
  /** PEM, for TLS. */
  readonly keyPem: string
  readonly certPem: string
  readonly der: Buffer
  /** `x5t#S256` */
  readonly x5t: string
}

const HOUR = 3_600_000

/** An X.509 certificate (RFC 5280) as short as it may be: P-256, no extensions. */
export function selfSigned(
  given: { readonly key?: KeyObject; readonly from?: number; readonly to?: number } = {},
): SelfSigned {
  return certificate({ ...given, subject: [['CN', 'an agent']] })
}

/** An attribute of a subject; several lists of one share a place. */
export type Attribute = readonly [type: keyof typeof ATTRIBUTES, value: string]

const ATTRIBUTES = {
  CN: [0x55, 0x04, 0x03],
  O: [0x55, 0x04, 0x0a],
  OU: [0x55, 0x04, 0x0b],
  title: [0x55, 0x04, 0x0c],
} as const

export interface CertificateOptions {
  readonly key?: KeyObject
  readonly from?: number
  readonly to?: number
  readonly subject: readonly Attribute[]
  /** All attributes in one place. */
  readonly together?: boolean
  /** Signer; by itself the key itself. */
  readonly by?: IssuedCertificate
  /** Authority that may sign others, with at most so many between. */
  readonly ca?: boolean | number
  readonly uris?: readonly string[]
  readonly dns?: readonly string[]
  readonly emails?: readonly string[]
  readonly ips?: readonly (readonly number[])[]
  /** First byte of `keyUsage`. */
  readonly usage?: number
  readonly forServers?: boolean
  readonly forClients?: boolean
  /** A critical extension that nobody knows. */
  readonly unknown?: boolean
  /** DNS names that are the only ones below. */
  readonly onlyDns?: string
  /** Names that are the only ones below, or that none below has. */
  readonly permits?: readonly Constraint[]
  readonly excludes?: readonly Constraint[]
  /** Second extension of names: these. */
  readonly alsoDns?: string
}

/** Name constraint of an authority: names as text or bytes, subjects as attributes. */
export type Constraint =
  | { readonly email: string }
  | { readonly dns: string }
  | { readonly uri: string }
  | { readonly ip: readonly number[] }
  | { readonly subject: readonly Attribute[] }

export interface IssuedCertificate extends SelfSigned {
  readonly name: Buffer
}

export function certificate(given: CertificateOptions): IssuedCertificate {
  const key = given.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const now = Date.now()
  const attributes = given.subject.map(attribute)
  const name = sequence(
    ...(given.together ? [set(...attributes)] : attributes.map((one) => set(one))),
  )
  const algorithm = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]))
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)])
  const extensions = extensionsOf(given)
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial),
    algorithm,
    given.by?.name ?? name,
    sequence(time(given.from ?? now - HOUR), time(given.to ?? now + 24 * HOUR)),
    name,
    createPublicKey(key).export({ format: 'der', type: 'spki' }),
    ...(extensions.length > 0 ? [tagged(0xa3, sequence(...extensions))] : []),
  )
  const signature = sign('sha256', body, given.by?.key ?? key)
  const der = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])))
  return {
    ...{ key, name, der, x5t: sha256url(der) },
    keyPem: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    certPem: pemOf(der),
  }
}

export function pemOf(der: Buffer): string {
  const lines = der.toString('base64').replaceAll(/.{1,64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`
}

function attribute([type, value]: Attribute): Buffer {
  return sequence(oid(ATTRIBUTES[type]), text(value))
}

function subtree(base: Constraint): Buffer {
  if ('email' in base) return sequence(tagged(0x81, Buffer.from(base.email)))
  if ('dns' in base) return sequence(tagged(0x82, Buffer.from(base.dns)))
  if ('uri' in base) return sequence(tagged(0x86, Buffer.from(base.uri)))
  if ('ip' in base) return sequence(tagged(0x87, Buffer.from(base.ip)))
  return sequence(tagged(0xa4, sequence(...base.subject.map((one) => set(attribute(one))))))
}

/** RFC 5280 section 4.2.1, the ends of their ids. */
function extensionsOf(given: CertificateOptions): Buffer[] {
  const { alsoDns, ca, excludes = [], onlyDns, usage } = given
  const permits = [...(given.permits ?? []), ...(onlyDns === undefined ? [] : [{ dns: onlyDns }])]
  const constraints = [
    ...(permits.length > 0 ? [tagged(0xa0, Buffer.concat(permits.map(subtree)))] : []),
    ...(excludes.length > 0 ? [tagged(0xa1, Buffer.concat(excludes.map(subtree)))] : []),
  ]
  const names = [
    ...(given.emails ?? []).map((one) => tagged(0x81, Buffer.from(one))),
    ...(given.dns ?? []).map((one) => tagged(0x82, Buffer.from(one))),
    ...(given.uris ?? []).map((one) => tagged(0x86, Buffer.from(one))),
    ...(given.ips ?? []).map((one) => tagged(0x87, Buffer.from(one))),
  ]
  const between = typeof ca === 'number' ? [tagged(0x02, Buffer.from([ca]))] : []
  const purposes = [
    ...(given.forServers ? [oid([0x2b, 6, 1, 5, 5, 7, 3, 1])] : []),
    ...(given.forClients ? [oid([0x2b, 6, 1, 5, 5, 7, 3, 2])] : []),
  ]
  return [
    ...(ca !== undefined && ca !== false
      ? [extension(0x13, sequence(tagged(0x01, Buffer.from([0xff])), ...between))]
      : []),
    ...(usage === undefined ? [] : [extension(0x0f, tagged(0x03, Buffer.from([0, usage])))]),
    ...(purposes.length > 0 ? [extension(0x25, sequence(...purposes))] : []),
    ...(names.length > 0 ? [extension(0x11, sequence(...names))] : []),
    ...(alsoDns === undefined
      ? []
      : [extension(0x11, sequence(tagged(0x82, Buffer.from(alsoDns))))]),
    ...(constraints.length > 0 ? [extension(0x1e, sequence(...constraints))] : []),
    ...(given.unknown ? [extension(0x7f, sequence())] : []),
  ]
}

function extension(id: number, value: Buffer): Buffer {
  return sequence(oid([0x55, 0x1d, id]), tagged(0x01, Buffer.from([0xff])), tagged(0x04, value))
}

/** The value of `Client-Cert` (RFC 9440). */
export function headerOf(der: Buffer): string {
  return `:${der.toString('base64')}:`
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const head =
    length < 128
      ? [tag, length]
      : length < 256
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts))
}

function set(...parts: readonly Buffer[]): Buffer {
  return tagged(0x31, Buffer.concat(parts))
}

function oid(bytes: readonly number[]): Buffer {
  return tagged(0x06, Buffer.from(bytes))
}

function text(value: string): Buffer {
  return tagged(0x0c, Buffer.from(value))
}

/** `UTCTime` */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)
  return tagged(0x17, Buffer.from(`${digits}Z`))
}
