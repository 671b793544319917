import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { base64url, fromBase64url } from '../../lib/bytes.ts'
import type { Clock } from '../../lib/clock.ts'
import { Problem } from '../../lib/problem.ts'
import type { ExternalKey, ExternalSigner } from './signer.ts'

export interface SignerProgramOptions {
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]]
  /** Variables of the process. Those that only the server may know are left out. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Receives, for the log, the reason why the process ended. */
  readonly onError: (error: unknown) => void
}

/** Requests of the protocol (docs/signer-program.md). */
type SignerRequest =
  | { readonly do: 'open'; readonly version: number }
  | { readonly do: 'make'; readonly label: string }
  | { readonly do: 'sign'; readonly key: string; readonly digest: string }
  | { readonly do: 'delete'; readonly key: string }

/** One line of the program. Only checked members are certain. */
interface SignerAnswer {
  readonly id?: unknown
  readonly error?: unknown
  /** Trying again would be of no use, or do harm: a wrong PIN locks the token. */
  readonly final?: unknown
  readonly key?: unknown
  readonly jwk?: unknown
  readonly signature?: unknown
}

interface SignerProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, null>
  readonly opened: Promise<unknown>
}

interface PendingRequest {
  readonly resolve: (answer: SignerAnswer) => void
  readonly reject: (error: unknown) => void
}

const VERSION = 1
/** Maximum length of a line, in characters. An answer has less than 300. */
const MAX_LINE_LENGTH = 16_384
const MAX_ERROR_LENGTH = 200
/** Time after a failed start in which no other is tried. */
const PAUSE_MS = 5_000

/**
 * A signer that is a program of its own. It is started when it is needed, killed when it does not
 * answer in time, and started again with the next request. A final error, such as a wrong PIN, ends
 * all attempts.
 */
export class SignerProgram implements ExternalSigner {
  readonly #options: SignerProgramOptions
  readonly #pending = new Map<number, PendingRequest>()
  #process: SignerProcess | undefined
  #lastId = 0
  #notBefore = Number.NEGATIVE_INFINITY
  /** Reason why nothing is tried any more. */
  #final: string | undefined

  constructor(options: SignerProgramOptions) {
    this.#options = options
  }

  async make(label: string, signal: AbortSignal): Promise<ExternalKey> {
    const { jwk, key } = await this.#ask({ do: 'make', label }, signal)
    if (typeof key !== 'string' || typeof jwk !== 'object' || jwk === null)
      throw new Error('no key was answered')
    return { reference: key, publicJwk: jwk }
  }

  async sign(reference: string, digest: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const request = { do: 'sign', key: reference, digest: base64url(digest) } as const
    const { signature } = await this.#ask(request, signal)
    const bytes = typeof signature === 'string' ? fromBase64url(signature) : undefined
    if (!bytes) throw new Error('no signature was answered')
    return bytes
  }

  async destroy(reference: string, signal: AbortSignal): Promise<void> {
    await this.#ask({ do: 'delete', key: reference }, signal)
  }

  async close(): Promise<void> {
    this.#final ??= 'it was closed'
    const running = this.#process
    if (!running) return
    const gone = new Promise((resolve) =>
      running.child.once('exit', resolve).once('error', resolve),
    )
    this.#end(running, 'was closed')
    await gone
  }

  async #ask(request: SignerRequest, signal: AbortSignal): Promise<SignerAnswer> {
    const running = this.#running()
    // The time limit of a request includes the time that opening the token takes.
    const given = () => this.#give(running, 'did not answer in time')
    signal.addEventListener('abort', given, { once: true })
    try {
      await running.opened
      // An answer of a process that was given up meanwhile would reach no caller.
      if (this.#process !== running) throw unavailable('its process was given up')
      return await this.#send(running.child, request)
    } finally {
      signal.removeEventListener('abort', given)
    }
  }

  #running(): SignerProcess {
    if (this.#final !== undefined) throw unavailable(this.#final)
    if (this.#process) return this.#process
    if (this.#options.clock.monotonic() < this.#notBefore)
      throw unavailable('it could not be opened a moment ago')
    return this.#start()
  }

  #start(): SignerProcess {
    const { command, environment } = this.#options
    const [program, ...args] = command
    const child = spawn(program, args, {
      env: withoutSecrets(environment),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const opened = this.#send(child, { do: 'open', version: VERSION })
    const running = { child, opened }
    this.#process = running
    this.#hear(running)
    child.once('error', (error) => this.#give(running, error.message))
    child.once('exit', (code, by) => this.#give(running, `ended (${by ?? code})`))
    // Its end is told by `exit`.
    child.stdin.on('error', () => {})
    opened.catch((error: unknown) => {
      this.#notBefore = this.#options.clock.monotonic() + PAUSE_MS
      this.#give(running, error instanceof Problem ? error.detail : 'could not be opened')
    })
    return running
  }

  #hear(running: SignerProcess): void {
    let rest = ''
    running.child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      if (this.#process === running) for (const line of lines) this.#answered(line)
      if (rest.length > MAX_LINE_LENGTH) this.#give(running, 'sent a line without an end')
    })
  }

  #send(child: SignerProcess['child'], request: SignerRequest): Promise<SignerAnswer> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      child.stdin.write(`${JSON.stringify({ id, ...request })}\n`, (error) => {
        if (error) this.#settle(id)?.reject(unavailable('it cannot be reached'))
      })
    })
  }

  #answered(line: string): void {
    const answer = parseSignerAnswer(line)
    if (!answer) {
      // A vendor's library may print on its own.
      this.#options.onError(new Error('the signer sent a line that is no answer'))
      return
    }
    const pending = this.#settle(answer.id)
    if (answer.error === undefined) {
      pending?.resolve(answer)
      return
    }
    const message = String(answer.error).slice(0, MAX_ERROR_LENGTH)
    if (answer.final === true) this.#final = message
    this.#options.onError(new Error(`the signer: ${message}`))
    pending?.reject(unavailable(message))
  }

  #settle(id: number): PendingRequest | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  /** Rejects every waiting request; the next request starts a new process. */
  #give(running: SignerProcess, why: string): void {
    if (this.#process !== running) return
    this.#options.onError(new Error(`the signer's process ${why}`))
    this.#end(running, why)
  }

  #end(running: SignerProcess, why: string): void {
    this.#process = undefined
    running.child.kill('SIGKILL')
    for (const [id, { reject }] of this.#pending) {
      this.#pending.delete(id)
      reject(unavailable(`its process ${why}`))
    }
  }
}

function parseSignerAnswer(line: string): (SignerAnswer & { readonly id: number }) | undefined {
  try {
    const answer: unknown = JSON.parse(line)
    const { id } = Object(answer) as SignerAnswer // as: its members are checked where they are used
    return typeof id === 'number' ? { ...Object(answer), id } : undefined
  } catch {
    return undefined
  }
}

function withoutSecrets(all: SignerProgramOptions['environment']): NodeJS.ProcessEnv {
  const ours = /^(?:REMIT_|DATABASE_URL$|PG)/
  return Object.fromEntries(Object.entries(all).filter(([name]) => !ours.test(name)))
}

function unavailable(detail: string): Problem {
  return new Problem('keys.signer_unavailable', detail)
}
