import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { base64url } from '../../platform/lib/bytes.ts'
import type { Person } from '../people/index.ts'
import { enrolmentForm, enrolPasskey } from './enrol.ts'
import type { Passkey, PasskeyParts } from './passkey.ts'

/** Ways in which an authenticator, or a page that uses one, lies. */
export interface Deceit {
  readonly origin?: string
  readonly crossOrigin?: boolean
  readonly rpId?: string
  readonly challenge?: string
  /** The person was not verified. */
  readonly unverified?: boolean
  /** Answers with the id of another credential. */
  readonly id?: string
}

interface Options {
  readonly challenge: string
  readonly rpId?: string
  readonly rp?: { readonly id: string }
}

const PRESENT = 0x01
const VERIFIED = 0x04
const ATTESTED = 0x40

/** ES256 authenticator in software, for tests: WebAuthn sections 6.1 and 6.5, written by hand. */
export class SoftwareAuthenticator {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  readonly #origin: string
  readonly id = base64url(randomBytes(16))
  /** Number of signatures; 0 for ever when it does not count. */
  counter: number

  constructor(origin: string, { counter = 1 } = {}) {
    this.#origin = origin
    this.counter = counter
  }

  /** Answers `navigator.credentials.create`: RegistrationResponseJSON. */
  register(optionsText: string, deceit: Deceit = {}): string {
    const options = JSON.parse(optionsText) as Options // made by the page that is tested
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' })
    const id = Buffer.from(this.id, 'base64url')
    const length = Buffer.alloc(2)
    length.writeUInt16BE(id.length)
    // COSE_Key: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
    const key = Buffer.concat([
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y, 'base64url'),
    ])
    const data = this.#data(options, deceit, Buffer.concat([Buffer.alloc(16), length, id, key]))
    const size = Buffer.alloc(2)
    size.writeUInt16BE(data.length)
    // {"fmt": "none", "attStmt": {}, "authData": …}
    const attestation = Buffer.concat([
      Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746159', 'hex'),
      size,
      data,
    ])
    return this.#answer(deceit, {
      clientDataJSON: this.#clientData('webauthn.create', options, deceit),
      attestationObject: base64url(attestation),
      transports: ['internal', 'nonsense'],
    })
  }

  /** Answers `navigator.credentials.get`: AuthenticationResponseJSON. */
  sign(optionsText: string, deceit: Deceit = {}): string {
    const options = JSON.parse(optionsText) as Options // made by the page that is tested
    if (this.counter > 0) this.counter++
    const data = this.#data(options, deceit)
    const clientDataJSON = this.#clientData('webauthn.get', options, deceit)
    const hash = sha256(Buffer.from(clientDataJSON, 'base64url'))
    const signature = sign('sha256', Buffer.concat([data, hash]), this.#keys.privateKey)
    return this.#answer(deceit, {
      clientDataJSON,
      authenticatorData: base64url(data),
      signature: base64url(signature),
    })
  }

  #answer(deceit: Deceit, response: object): string {
    const id = deceit.id ?? this.id
    return JSON.stringify({ id, rawId: id, type: 'public-key', response })
  }

  #clientData(type: string, options: Options, deceit: Deceit): string {
    const { challenge = options.challenge, crossOrigin = false, origin = this.#origin } = deceit
    return base64url(Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin })))
  }

  #data({ rp, rpId = rp?.id }: Options, deceit: Deceit, attested?: Buffer): Buffer {
    const flags = PRESENT | (deceit.unverified ? 0 : VERIFIED) | (attested ? ATTESTED : 0)
    const tail = Buffer.alloc(5)
    tail.writeUInt8(flags)
    tail.writeUInt32BE(this.counter, 1)
    const hash = sha256(deceit.rpId ?? rpId ?? '')
    return Buffer.concat([hash, tail, attested ?? Buffer.alloc(0)])
  }
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest()
}

/** Enrols an authenticator as the first passkey of a person. */
export async function addPasskey(
  parts: PasskeyParts,
  person: Person,
  authenticator: SoftwareAuthenticator,
): Promise<Passkey> {
  const { options, ticket } = await enrolmentForm(parts, person, 'first')
  const credential = authenticator.register(options)
  return enrolPasskey(parts, { person, name: 'Phone', basis: 'first', ticket, credential })
}
