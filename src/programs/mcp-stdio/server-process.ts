import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseJson } from '../../platform/lib/json.ts'
import { messageOf, printMessage, type RpcMessage } from '../../platform/net/index.ts'
import { Lines } from './lines.ts'

/** Program of an MCP server that speaks over its standard streams, and everything that it is given. */
export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly directory: string
}

/** Listener to one process. */
export interface ProcessListener {
  onMessage(message: RpcMessage): void
  /** A line on its standard error, or one on standard output that is no message. */
  onWords(line: string, cut: boolean): void
  /** Called once; `how` says it in words. */
  onEnd(how: string): void
}

/** Maximum bytes of a message, as the gateway reads them. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
/** Maximum bytes that wait for a process that does not read. */
const MAX_WAITING_BYTES = 2 * MAX_MESSAGE_BYTES
const MAX_WORDS_BYTES = 1_000
/** Time to leave after each request to: the end of input, then SIGTERM. */
const GRACE_MS = 2_000
const EXIT_POLL_MS = 50
/** A group of its own ends as one, also what a launcher such as `npx` started. */
const IN_GROUP = process.platform !== 'win32'

/** Running process of an MCP server (MCP 2025-11-25 and 2026-07-28, stdio). No shell takes part. */
export class ServerProcess {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #wait: (ms: number) => Promise<void>
  #ended = false
  #stopping = false

  private constructor(
    command: ServerCommand,
    listener: ProcessListener,
    wait: (ms: number) => Promise<void>,
  ) {
    this.#wait = wait
    this.#child = spawn(command.command, command.args, {
      cwd: command.directory,
      // INVARIANT: nothing of our own environment is inherited, so no secret in it reaches the server unless it was named.
      env: { ...command.environment },
      stdio: 'pipe',
      shell: false,
      detached: IN_GROUP,
      windowsHide: true,
    })
    const { stderr, stdin, stdout } = this.#child
    const messages = new Lines(MAX_MESSAGE_BYTES, (line, cut) => this.#onLine(line, cut, listener))
    const words = new Lines(MAX_WORDS_BYTES, (line, cut) => listener.onWords(line.toString(), cut))
    stdout.on('data', (chunk: Buffer) => messages.push(chunk))
    stderr.on('data', (chunk: Buffer) => words.push(chunk))
    stderr.once('end', () => words.end())
    for (const stream of [stdin, stdout, stderr]) stream.on('error', () => {}) // the end tells
    const atExit = () => this.#kill('SIGKILL')
    process.once('exit', atExit)
    const endProcess = (how: string) => {
      if (this.#ended) return
      this.#ended = true
      process.off('exit', atExit)
      listener.onEnd(how)
    }
    this.#child.once('error', ({ message }) => endProcess(`could not be run: ${message}`))
    this.#child.once('exit', async (code, signal) => {
      // Ends its children too: they may hold its output open.
      this.#kill('SIGKILL')
      await this.#until(() => stdout.closed && stderr.closed)
      endProcess(`ended with ${signal ?? `code ${code}`}`)
    })
  }

  /** @throws Error when the program cannot be started */
  static async start(
    command: ServerCommand,
    listener: ProcessListener,
    wait: (ms: number) => Promise<void>,
  ): Promise<ServerProcess> {
    const started = new ServerProcess(command, listener, wait)
    if (started.#child.pid === undefined) await once(started.#child, 'spawn')
    return started
  }

  /** False: it has ended, or does not read what it was sent. */
  send(message: RpcMessage): boolean {
    const { stdin } = this.#child
    if (this.#ended || !stdin.writable || stdin.writableLength > MAX_WAITING_BYTES) return false
    stdin.write(`${printMessage(message)}\n`)
    return true
  }

  /** Ends it as the protocol wants it: no more input, then SIGTERM, then SIGKILL. */
  async end(): Promise<void> {
    this.#stopping = true
    this.#child.stdin.end()
    if (await this.#until(() => this.#ended)) return
    this.#kill('SIGTERM')
    if (await this.#until(() => this.#ended)) return
    this.#kill('SIGKILL')
    await this.#until(() => this.#ended)
  }

  /** True when it was asked to end. */
  get stopping(): boolean {
    return this.#stopping
  }

  #onLine(line: Buffer, cut: boolean, listener: ProcessListener): void {
    if (this.#ended || this.#stopping) return
    if (cut) {
      listener.onWords(`a message of more than ${MAX_MESSAGE_BYTES} bytes: it is stopped`, false)
      this.#kill('SIGKILL')
      return
    }
    if (line.every((byte) => byte <= 0x20)) return
    let message: RpcMessage
    try {
      message = messageOf(parseJson(line, { bytes: MAX_MESSAGE_BYTES }))
    } catch {
      listener.onWords(line.toString('utf8', 0, MAX_WORDS_BYTES), line.length > MAX_WORDS_BYTES)
      return
    }
    listener.onMessage(message)
  }

  async #until(is: () => boolean): Promise<boolean> {
    for (let waited = 0; !is() && waited < GRACE_MS; waited += EXIT_POLL_MS)
      await this.#wait(EXIT_POLL_MS)
    return is()
  }

  #kill(signal: 'SIGKILL' | 'SIGTERM'): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      if (IN_GROUP) process.kill(-pid, signal)
      else this.#child.kill(signal)
    } catch {
      // Nothing of it is left.
    }
  }
}
