import { randomBytes } from 'node:crypto'
import {
  type Attribute,
  CKA,
  CKF,
  CKK_EC,
  CKM,
  CKO,
  CKR,
  CKU_USER,
  type Cryptoki,
  type Handle,
  resultOf,
} from './cryptoki.ts'

export interface TokenAccess {
  /** Path of the vendor's library. */
  readonly module: string
  /** Label of the token. */
  readonly token: string
  readonly pin: string
}

export interface MadeKey {
  /** Its `CKA_ID`, in hexadecimal. */
  readonly key: string
  readonly jwk: Readonly<Record<'kty' | 'crv' | 'x' | 'y', string>>
}

/**
 * Number of signatures that are made at once; each has a session of its own, as the standard
 * demands.
 */
const SESSIONS = 4
const DIGEST_BYTES = 32
const SIGNATURE_BYTES = 64
/** The curve P-256 by its object identifier (1.2.840.10045.3.1.7) in DER. */
const P256 = Buffer.from('06082a8648ce3d030107', 'hex')
const POINT_BYTES = 65
const ID_BYTES = 16
const MAX_FOUND = 4

/**
 * Errors after which everything starts over, once: the token was taken out, or another program ended
 * our sessions.
 */
const BEGIN_ANEW: ReadonlySet<number | undefined> = new Set([
  CKR.KEY_HANDLE_INVALID,
  CKR.OBJECT_HANDLE_INVALID,
  CKR.SESSION_CLOSED,
  CKR.SESSION_HANDLE_INVALID,
  CKR.USER_NOT_LOGGED_IN,
  CKR.DEVICE_ERROR,
  CKR.DEVICE_REMOVED,
  CKR.TOKEN_NOT_PRESENT,
])

interface Session {
  readonly handle: Handle
  /** Number of the set of sessions that it belongs to. */
  readonly generation: number
}

/** A token with its sessions, in the process that does nothing else. Keys are named by their `CKA_ID`, in hexadecimal. */
export class Pkcs11Token {
  readonly #cryptoki: Cryptoki
  readonly #access: TokenAccess
  #free: Session[] = []
  #waiting: ((session: Session) => void)[] = []
  #slot: Handle | undefined
  #handles = new Map<string, Handle>()
  /** Number of the current set of sessions; rises with each new one. */
  #generation = 0

  /** Loads the library and logs in. Throws the library's errors. */
  constructor(cryptoki: Cryptoki, access: TokenAccess) {
    this.#cryptoki = cryptoki
    this.#access = access
    cryptoki.load(access.module)
    cryptoki.C_Initialize({ flags: CKF.OS_LOCKING_OK })
    this.#open()
  }

  /** Makes a P-256 key that cannot be taken out. Answers its id and its public half as a JWK. */
  make(label: string): Promise<MadeKey> {
    const id = randomBytes(ID_BYTES)
    const common = [
      { type: CKA.TOKEN, value: true },
      { type: CKA.KEY_TYPE, value: CKK_EC },
      { type: CKA.ID, value: id },
      { type: CKA.LABEL, value: label },
    ]
    return this.#with(async (session) => {
      const { privateKey, publicKey } = this.#cryptoki.C_GenerateKeyPair(
        session,
        { mechanism: CKM.EC_KEY_PAIR_GEN },
        [
          { type: CKA.CLASS, value: CKO.PUBLIC_KEY },
          ...common,
          { type: CKA.VERIFY, value: true },
          { type: CKA.EC_PARAMS, value: P256 },
        ],
        [
          { type: CKA.CLASS, value: CKO.PRIVATE_KEY },
          ...common,
          { type: CKA.PRIVATE, value: true },
          { type: CKA.SENSITIVE, value: true },
          { type: CKA.EXTRACTABLE, value: false },
          { type: CKA.SIGN, value: true },
        ],
      )
      this.#requireHeld(session, privateKey)
      const [point] = this.#cryptoki.C_GetAttributeValue(session, publicKey, [
        { type: CKA.EC_POINT },
      ])
      return { key: id.toString('hex'), jwk: jwkOf(point?.value) }
    })
  }

  sign(id: string, digest: Buffer): Promise<Buffer> {
    if (digest.byteLength !== DIGEST_BYTES) throw new Error('not a SHA-256')
    return this.#with(async (session) => {
      this.#cryptoki.C_SignInit(session, { mechanism: CKM.ECDSA }, this.#privateKey(session, id))
      return this.#cryptoki.C_SignAsync(session, digest, Buffer.alloc(SIGNATURE_BYTES))
    })
  }

  destroy(id: string): Promise<void> {
    return this.#with(async (session) => {
      for (const kind of [CKO.PRIVATE_KEY, CKO.PUBLIC_KEY])
        for (const object of this.#find(session, kind, id))
          this.#cryptoki.C_DestroyObject(session, object)
      this.#handles.delete(id)
    })
  }

  /**
   * Checks that a key cannot be taken out. INVARIANT: a key that could be taken out of the token is
   * none that we use.
   */
  #requireHeld(session: Handle, key: Handle): void {
    const [sensitive, extractable] = this.#cryptoki.C_GetAttributeValue(session, key, [
      { type: CKA.SENSITIVE },
      { type: CKA.EXTRACTABLE },
    ])
    if (sensitive?.value[0] !== 1 || extractable?.value[0] !== 0)
      throw new Error('the token made a key that can be taken out of it')
  }

  #privateKey(session: Handle, id: string): Handle {
    const known = this.#handles.get(id)
    if (known) return known
    const found = this.#find(session, CKO.PRIVATE_KEY, id)
    const [key] = found
    if (!key || found.length > 1) throw new Error(`${found.length} private keys have the id ${id}`)
    this.#requireHeld(session, key)
    this.#handles.set(id, key)
    return key
  }

  #find(session: Handle, kind: number, id: string): Handle[] {
    const template: Attribute[] = [
      { type: CKA.CLASS, value: kind },
      { type: CKA.ID, value: Buffer.from(id, 'hex') },
    ]
    this.#cryptoki.C_FindObjectsInit(session, template)
    try {
      return this.#cryptoki.C_FindObjects(session, MAX_FOUND)
    } finally {
      this.#cryptoki.C_FindObjectsFinal(session)
    }
  }

  async #with<T>(work: (session: Handle) => Promise<T>): Promise<T> {
    const generation = this.#generation
    try {
      return await this.#inSession(work)
    } catch (error) {
      if (!BEGIN_ANEW.has(resultOf(error))) throw error
      if (generation === this.#generation) this.#open()
      return await this.#inSession(work)
    }
  }

  async #inSession<T>(work: (session: Handle) => Promise<T>): Promise<T> {
    const session = await this.#nextFree()
    try {
      return await work(session.handle)
    } finally {
      this.#release(session)
    }
  }

  async #nextFree(): Promise<Session> {
    for (;;) {
      const session =
        this.#free.pop() ?? (await new Promise<Session>((resolve) => this.#waiting.push(resolve)))
      // It may have been given before everything started over, and be taken after that.
      if (session.generation === this.#generation) return session
    }
  }

  #release(session: Session): void {
    // Sessions of before are gone with everything that was in them.
    if (session.generation !== this.#generation) return
    const next = this.#waiting.shift()
    if (next) next(session)
    else this.#free.push(session)
  }

  #open(): void {
    this.#generation++
    this.#handles.clear()
    this.#free = []
    if (this.#slot) this.#closeAll(this.#slot)
    const slot = this.#findSlot()
    this.#slot = slot
    const flags = CKF.SERIAL_SESSION | CKF.RW_SESSION
    const sessions = Array.from({ length: SESSIONS }, () =>
      this.#cryptoki.C_OpenSession(slot, flags),
    )
    this.#logIn(sessions[0])
    for (const handle of sessions) this.#release({ handle, generation: this.#generation })
  }

  #logIn(session: Handle | undefined): void {
    if (!session) return
    try {
      this.#cryptoki.C_Login(session, CKU_USER, this.#access.pin)
    } catch (error) {
      if (resultOf(error) !== CKR.USER_ALREADY_LOGGED_IN) throw error
    }
  }

  #closeAll(slot: Handle): void {
    try {
      this.#cryptoki.C_CloseAllSessions(slot)
    } catch {
      // They are gone already.
    }
  }

  #findSlot(): Handle {
    const slots = this.#cryptoki
      .C_GetSlotList(true)
      .filter((slot) => this.#cryptoki.C_GetTokenInfo(slot).label.trimEnd() === this.#access.token)
    const [slot] = slots
    if (!slot || slots.length > 1)
      throw new Error(`${slots.length} tokens have the label ${this.#access.token}`)
    return slot
  }
}

/**
 * Reads a point. It is an OCTET STRING in DER (PKCS #11 v2.40 section 2.3.3); some libraries return
 * its content.
 */
function jwkOf(value: Buffer | undefined): MadeKey['jwk'] {
  const point =
    value?.byteLength === POINT_BYTES + 2 && value[0] === 4 && value[1] === POINT_BYTES
      ? value.subarray(2)
      : value
  if (point?.byteLength !== POINT_BYTES || point[0] !== 4)
    throw new Error('the public key is no uncompressed point')
  const [x, y] = [point.subarray(1, 33), point.subarray(33)]
  return { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') }
}
