import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { base64url } from '../../../lib/bytes.ts'
import type { Clock } from '../../../lib/clock.ts'
import { Problem } from '../../../lib/problem.ts'
import type { Random } from '../../../lib/random.ts'
import type { Secret } from '../../../lib/secret.ts'
import type { ExternalKey, ExternalSigner } from '../signer.ts'
import type { SignerAnswer, SignerQuestion, SignerRequest } from './messages.ts'

export interface Pkcs11Options {
  readonly module: string
  readonly token: string
  readonly pin: Secret
  /** The package `pkcs11js`, by name or address. It is native code, so who wants it installs it. */
  readonly addon: string
  readonly clock: Clock
  readonly random: Random
  /** Receives, for the log, the reason why the process ended. */
  readonly onError: (error: unknown) => void
}

interface Process {
  readonly child: ChildProcess
  readonly opened: Promise<void>
}

interface Waiting {
  readonly resolve: (value: Uint8Array | undefined) => void
  readonly reject: (error: unknown) => void
}

const ID_BYTES = 16
/** Time after a failed start in which no other is tried. */
const PAUSE_MS = 5_000

/**
 * A token behind PKCS #11, in a process of its own, which is started when it is needed and killed
 * when it does not answer in time. A wrong PIN is tried once: tokens lock themselves.
 */
export class Pkcs11Signer implements ExternalSigner {
  readonly #options: Pkcs11Options
  readonly #waiting = new Map<number, Waiting>()
  #process: Process | undefined
  #number = 0
  #notBefore = Number.NEGATIVE_INFINITY
  /** Reason why nothing is tried any more. */
  #final: string | undefined

  constructor(options: Pkcs11Options) {
    this.#options = options
  }

  async make(label: string, signal: AbortSignal): Promise<ExternalKey> {
    const key = Buffer.from(this.#options.random.bytes(ID_BYTES)).toString('hex')
    const point = await this.#ask({ ask: 'make', key, label }, signal)
    if (point?.byteLength !== 65) throw new Error('a point has 65 bytes')
    const [x, y] = [base64url(point.subarray(1, 33)), base64url(point.subarray(33))]
    return { reference: key, publicJwk: { kty: 'EC', crv: 'P-256', x, y } }
  }

  async sign(reference: string, digest: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const signature = await this.#ask({ ask: 'sign', key: reference, digest }, signal)
    if (!signature) throw new Error('no signature was answered')
    return signature
  }

  async destroy(reference: string, signal: AbortSignal): Promise<void> {
    await this.#ask({ ask: 'destroy', key: reference }, signal)
  }

  async close(): Promise<void> {
    this.#final ??= 'it was closed'
    const running = this.#process
    if (!running) return
    const gone = new Promise((resolve) => running.child.once('exit', resolve))
    this.#end(running, 'was closed')
    await gone
  }

  async #ask(question: SignerQuestion, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const running = this.#running()
    // Whoever does not get through to a token that is being opened waits no longer than they would for the token.
    const given = () => this.#give(running, 'did not answer in time')
    signal.addEventListener('abort', given, { once: true })
    try {
      await running.opened
      // Nobody would hear of what is asked of a process that was given up meanwhile.
      if (this.#process !== running) throw unavailable('its process was given up')
      return await this.#send(running.child, question)
    } finally {
      signal.removeEventListener('abort', given)
    }
  }

  #running(): Process {
    if (this.#final !== undefined) throw unavailable(this.#final)
    if (this.#process) return this.#process
    if (this.#options.clock.monotonic() < this.#notBefore)
      throw unavailable('it could not be opened a moment ago')
    return this.#start()
  }

  #start(): Process {
    const { addon, module, pin, token } = this.#options
    const child = fork(fileURLToPath(entry()), [], {
      // Options of this process are not the other one's, nor is what only this one may know.
      execArgv: [],
      env: withoutSecrets(process.env),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const access = { module, token, pin: pin.reveal() }
    const opened = this.#send(child, { ask: 'open', addon, access }).then(() => {})
    const running = { child, opened }
    this.#process = running
    child.on('message', (message) => this.#answered(message as SignerAnswer)) // as: our own process says nothing else
    child.once('error', (error) => this.#give(running, error.message))
    child.once('exit', (code, by) => this.#give(running, `ended (${by ?? code})`))
    opened.catch((error: unknown) => {
      this.#notBefore = this.#options.clock.monotonic() + PAUSE_MS
      this.#give(running, error instanceof Problem ? error.detail : 'could not be opened')
    })
    return running
  }

  #send(child: ChildProcess, question: SignerQuestion): Promise<Uint8Array | undefined> {
    const number = ++this.#number
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject })
      const asked: SignerRequest = { number, question }
      child.send(asked, (error) => {
        if (error) this.#settle(number)?.reject(unavailable('it cannot be reached'))
      })
    })
  }

  #answered(answered: SignerAnswer): void {
    const waiting = this.#settle(answered.number)
    if (!('failed' in answered)) {
      waiting?.resolve(answered.value)
      return
    }
    if (answered.final) this.#final = answered.failed
    this.#options.onError(new Error(`the signer: ${answered.failed}`))
    waiting?.reject(unavailable(answered.failed))
  }

  #settle(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number)
    this.#waiting.delete(number)
    return waiting
  }

  /** Rejects every waiting request; the next request starts a new process. */
  #give(running: Process, why: string): void {
    if (this.#process !== running) return
    this.#options.onError(new Error(`the signer's process ${why}`))
    this.#end(running, why)
  }

  #end(running: Process, why: string): void {
    this.#process = undefined
    running.child.kill('SIGKILL')
    for (const [number, { reject }] of this.#waiting) {
      this.#waiting.delete(number)
      reject(unavailable(`its process ${why}`))
    }
  }
}

/** URL of the process's file: `.ts` from source, `.js` as published. */
function entry(): URL {
  return new URL(`./process${extname(import.meta.url)}`, import.meta.url)
}

function withoutSecrets(all: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(?:REMIT_|DATABASE_URL$|PG)/
  return Object.fromEntries(Object.entries(all).filter(([name]) => !ours.test(name)))
}

function unavailable(detail: string): Problem {
  return new Problem('keys.signer_unavailable', detail)
}
