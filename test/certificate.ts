import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

const YEAR = 365 * 24 * 3_600_000

/** One DER value (X.690): tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const length = content.length
  const head =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}

const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'))

function time(at: number): Buffer {
  const text = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return der(0x18, Buffer.from(text))
}

/** An address or a name that the certificate is for (RFC 5280 section 4.2.1.6). */
function altName(host: string): Buffer {
  if (isIPv4(host)) return der(0x87, Buffer.from(host.split('.').map(Number)))
  return der(0x82, Buffer.from(host))
}

function extension(id: string, value: Uint8Array, critical = false): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : []
  return sequence(oid(id), ...flag, der(0x04, value))
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/**
 * A certificate for these hosts that signed itself, with its key: for servers of tests, which are trusted by `trustAlso`. Made each
 * time, so that no private key lies around.
 */
export function selfSigned(...hosts: readonly string[]): {
  readonly cert: string
  readonly key: string
} {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // Of its own: two trusted certificates of one name are taken for each other.
  const name = sequence(
    der(
      0x31,
      sequence(oid('550403'), der(0x0c, Buffer.from(`test ${randomBytes(8).toString('hex')}`))),
    ),
  )
  const now = Date.now()
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)])
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_SHA256,
    name,
    sequence(time(now - YEAR), time(now + YEAR)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(
      0xa3,
      sequence(
        extension('551d13', sequence(der(0x01, Buffer.from([0xff]))), true),
        extension('551d11', sequence(...hosts.map(altName))),
      ),
    ),
  )
  const signature = sign('sha256', content, privateKey)
  const bits = der(0x03, Buffer.from([0]), signature)
  return {
    cert: pem('CERTIFICATE', sequence(content, ECDSA_SHA256, bits)),
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}

/**
 * Trusts a certificate in this process from now on, for connections that say nothing of whom they
 * trust.
 */
export function trustAlso(cert: string): void {
  setDefaultCACertificates([...getCACertificates('default'), cert])
}
