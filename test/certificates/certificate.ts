import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import { sha256url } from '../../src/lib/bytes.ts'

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
  const key = given.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const now = Date.now()
  const name = sequence(set(sequence(oid([0x55, 0x04, 0x03]), text('an agent'))))
  const algorithm = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]))
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)])
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial),
    algorithm,
    name,
    sequence(time(given.from ?? now - HOUR), time(given.to ?? now + 24 * HOUR)),
    name,
    createPublicKey(key).export({ format: 'der', type: 'spki' }),
  )
  const signature = sign('sha256', body, key)
  const der = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = der.toString('base64').replaceAll(/.{1,64}/g, '$&\n')
  return {
    key,
    keyPem: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    certPem: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
    der,
    x5t: sha256url(der),
  }
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
