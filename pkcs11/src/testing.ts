// A stand-in for the package `pkcs11js` with a token behind it, and nothing like one: keys lie in files of a folder, which is
// what the path of the library says. How it fails is told in the file `behave` beside them. The real thing is in `test/interop`.
// Run as a program, this file is the signer program with that stand-in.
import {
  createECDH,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Attribute, CKA, CKO, CKR, type Cryptoki, type Handle } from './cryptoki.ts'
import { serve } from './serve.ts'

export const STAND_IN_PIN = 'pin-of-the-stand-in'

/**
 * Behaviour when a signature is requested: hang for ever, end its process, refuse as a device that
 * failed, sign with another key, or forget its sessions once. `loose`: it makes keys that can be
 * taken out.
 */
export type Behaviour =
  | 'hang'
  | 'die'
  | 'refuse'
  | 'wrong key'
  | 'forget sessions'
  | 'loose'
  | 'well'

export interface StandIn {
  readonly module: string
  /** Program and arguments that serve the token with this label. The PIN is `PKCS11_PIN`. */
  command(label?: string): readonly [string, ...string[]]
  behave(how: Behaviour): void
  /** Number of logins, failed ones included. */
  logins(): number
  /** Names of the environment variables that its process had. */
  environment(): readonly string[]
  keys(): readonly string[]
  end(): void
}

export function standIn(): StandIn {
  const module = mkdtempSync(join(tmpdir(), 'remit-token-'))
  mkdirSync(join(module, 'keys'))
  const lines = (name: string) =>
    existsSync(join(module, name))
      ? readFileSync(join(module, name), 'utf8').trim().split('\n')
      : []
  return {
    module,
    command: (label = 'remit') => [process.execPath, import.meta.filename, module, label],
    behave: (how) => writeFileSync(join(module, 'behave'), how),
    logins: () => lines('logins').length,
    environment: () => lines('environment'),
    keys: () => readdirSync(join(module, 'keys')),
    end: () => rmSync(module, { recursive: true }),
  }
}

function result(name: string, code: number): Error {
  return Object.assign(new Error(`${name}:${code}`), { code })
}

interface TokenKey {
  readonly id: string
  readonly key: KeyObject
  readonly loose: boolean
}

class StandInCryptoki implements Cryptoki {
  #folder = ''
  #loggedIn = false
  /** Keys that sessions are about to sign with, by session. */
  #sessions = new Map<string, TokenKey | undefined>()
  #found: Handle[] = []

  load(path: string): void {
    this.#folder = path
    writeFileSync(join(path, 'environment'), Object.keys(process.env).join('\n'))
  }

  C_Initialize(): void {}

  C_GetSlotList(): Handle[] {
    return [Buffer.of(1), Buffer.of(2)]
  }

  C_GetTokenInfo(slot: Handle): { label: string } {
    return { label: (slot[0] === 2 ? 'remit' : 'another').padEnd(32) }
  }

  C_OpenSession(): Handle {
    const session = randomBytes(8)
    this.#sessions.set(session.toString('hex'), undefined)
    return session
  }

  C_CloseAllSessions(): void {
    this.#sessions.clear()
    this.#loggedIn = false
  }

  C_Login(_session: Handle, _user: number, pin: string): void {
    appendFileSync(join(this.#folder, 'logins'), 'one\n')
    if (pin !== STAND_IN_PIN) throw result('CKR_PIN_INCORRECT', CKR.PIN_INCORRECT)
    this.#loggedIn = true
  }

  C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void {
    this.#require(session)
    const kind = template.find(({ type }) => type === CKA.CLASS)?.value
    const id = Buffer.from(template.find(({ type }) => type === CKA.ID)?.value as Buffer) // as: always asked by bytes
    const there = existsSync(this.#fileOf(id.toString('hex')))
    this.#found = there ? [Buffer.concat([Buffer.of(Number(kind)), id])] : []
  }

  C_FindObjects(): Handle[] {
    return this.#found
  }

  C_FindObjectsFinal(): void {}

  C_GetAttributeValue(
    session: Handle,
    object: Handle,
    template: readonly { readonly type: number }[],
  ): { value: Buffer }[] {
    this.#require(session)
    const { key, loose } = this.#held(object)
    return template.map(({ type }) => {
      if (type === CKA.SENSITIVE) return { value: Buffer.of(loose ? 0 : 1) }
      if (type === CKA.EXTRACTABLE) return { value: Buffer.of(loose ? 1 : 0) }
      const ecdh = createECDH('prime256v1')
      ecdh.setPrivateKey(String(key.export({ format: 'jwk' }).d), 'base64url')
      return { value: Buffer.concat([Buffer.of(4, 65), ecdh.getPublicKey()]) }
    })
  }

  C_GenerateKeyPair(
    session: Handle,
    _mechanism: object,
    _publicTemplate: readonly Attribute[],
    privateTemplate: readonly Attribute[],
  ): { publicKey: Handle; privateKey: Handle } {
    this.#require(session)
    if (this.#behaviour() === 'refuse') throw result('CKR_DEVICE_ERROR', CKR.DEVICE_ERROR)
    const id = Buffer.from(privateTemplate.find(({ type }) => type === CKA.ID)?.value as Buffer) // as: always made by bytes
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const held = {
      pem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      loose: this.#behaviour() === 'loose',
    }
    writeFileSync(this.#fileOf(id.toString('hex')), JSON.stringify(held))
    const handle = (kind: number) => Buffer.concat([Buffer.of(kind), id])
    return { publicKey: handle(CKO.PUBLIC_KEY), privateKey: handle(CKO.PRIVATE_KEY) }
  }

  C_DestroyObject(session: Handle, object: Handle): void {
    this.#require(session)
    rmSync(this.#fileOf(object.subarray(1).toString('hex')), { force: true })
  }

  C_SignInit(session: Handle, _mechanism: object, key: Handle): void {
    this.#require(session)
    const name = session.toString('hex')
    if (this.#sessions.get(name)) throw result('CKR_OPERATION_ACTIVE', 0x90)
    this.#sessions.set(name, this.#held(key))
  }

  async C_SignAsync(session: Handle, data: Buffer): Promise<Buffer> {
    this.#require(session)
    const name = session.toString('hex')
    const held = this.#sessions.get(name)
    if (!held) throw result('CKR_OPERATION_NOT_INITIALIZED', 0x91)
    // Whatever comes of it, it is over then (PKCS #11 v2.40, C_Sign).
    const over = () => this.#sessions.has(name) && this.#sessions.set(name, undefined)
    const how = this.#behaviour()
    // As a library that waits for its device: the whole process stands still.
    if (how === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    if (how === 'die') process.exit(9)
    if (how === 'refuse') {
      over()
      throw result('CKR_DEVICE_ERROR', CKR.DEVICE_ERROR)
    }
    if (how === 'forget sessions') {
      writeFileSync(join(this.#folder, 'behave'), 'well')
      this.C_CloseAllSessions()
      throw result('CKR_SESSION_HANDLE_INVALID', CKR.SESSION_HANDLE_INVALID)
    }
    // Others may use other sessions meanwhile.
    await new Promise(setImmediate)
    over()
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    return signDigest(how === 'wrong key' ? other : held.key, data)
  }

  #behaviour(): string {
    const file = join(this.#folder, 'behave')
    return existsSync(file) ? readFileSync(file, 'utf8') : 'well'
  }

  #require(session: Handle): void {
    if (!this.#sessions.has(session.toString('hex')))
      throw result('CKR_SESSION_HANDLE_INVALID', CKR.SESSION_HANDLE_INVALID)
    if (!this.#loggedIn) throw result('CKR_USER_NOT_LOGGED_IN', CKR.USER_NOT_LOGGED_IN)
  }

  #fileOf(id: string): string {
    return join(this.#folder, 'keys', id)
  }

  #held(object: Handle): TokenKey {
    const id = object.subarray(1).toString('hex')
    const { loose, pem } = JSON.parse(readFileSync(this.#fileOf(id), 'utf8')) as {
      loose: boolean
      pem: string
    } // as: written above
    return { id, key: createPrivateKey(pem), loose }
  }
}

/** Order of P-256 (SEC 2, section 2.4.2). */
const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')

/**
 * Signs a digest with ECDSA, which Node's own does not offer. For tests only: its timing depends on
 * the key.
 */
function signDigest(key: KeyObject, digest: Buffer): Buffer {
  const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  const bytes = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
  const once = createECDH('prime256v1')
  const point = once.generateKeys()
  const d = number(Buffer.from(String(key.export({ format: 'jwk' }).d), 'base64url'))
  const r = number(point.subarray(1, 33)) % ORDER
  const s = (inverse(number(once.getPrivateKey())) * (number(digest) + r * d)) % ORDER
  return Buffer.concat([bytes(r), bytes(s)])
}

/** Inverse by Fermat: the order is prime. */
function inverse(value: bigint): bigint {
  let [result, base] = [1n, value % ORDER]
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % ORDER
    base = (base * base) % ORDER
  }
  return result
}

if (import.meta.main) {
  const [module = '', token = ''] = process.argv.slice(2)
  const { PKCS11_PIN: pin = '' } = process.env
  serve({ module, token, pin }, async () => new StandInCryptoki())
}
