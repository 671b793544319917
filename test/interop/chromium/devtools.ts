import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

export type Params = Readonly<Record<string, unknown>>
type Members = { readonly [name: string]: unknown }
type Listener = (method: string, params: Members) => void

/** Limit of one command, in ms. */
const MAX_COMMAND = 60_000

interface Settlement {
  readonly resolve: (result: Members) => void
  readonly reject: (error: Error) => void
}

/** A headless Chromium of its own, with its DevTools protocol on a pipe that nobody else can reach. */
export class Chromium {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #out: Writable
  readonly #waiting = new Map<number, Settlement>()
  readonly #listeners = new Map<string, Listener>()
  #last = 0
  #rest = Buffer.alloc(0)

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child
    this.#folder = folder
    const [, , , out, answers] = child.stdio
    this.#out = out as Writable // as: a pipe that we write to
    ;(answers as Readable).on('data', (bytes: Buffer) => this.#take(bytes)) // as: a pipe that we read
    child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Chromium ended'))
    })
  }

  static async launch(): Promise<Chromium> {
    const folder = await mkdtemp(join(tmpdir(), 'remit-chromium-'))
    const args = [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars'],
      ...['--no-first-run', '--disable-component-update', '--disable-background-networking'],
      ...['--remote-debugging-pipe', `--user-data-dir=${folder}`, 'about:blank'],
    ]
    const child = spawn('chromium', args, {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      // A group of its own, so that its own processes end with it.
      detached: true,
    })
    const browser = new Chromium(child, folder)
    process.once('exit', () => browser.#kill())
    await browser.send('Browser.getVersion')
    return browser
  }

  send(method: string, params: Params = {}, sessionId?: string): Promise<Members> {
    const id = ++this.#last
    const answer = new Promise<Members>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method} was not answered`)), MAX_COMMAND)
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(id)
      }
      this.#waiting.set(id, {
        resolve(result) {
          done()
          resolve(result)
        },
        reject(error) {
          done()
          reject(error)
        },
      })
    })
    this.#out.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    return answer
  }

  /** Hears the events of one session. */
  hear(sessionId: string, listener: Listener): void {
    this.#listeners.set(sessionId, listener)
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#kill()
    await ended
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  #kill(): void {
    if (this.#child.pid === undefined || this.#child.exitCode !== null) return
    try {
      process.kill(-this.#child.pid, 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }

  #take(bytes: Buffer): void {
    const all = Buffer.concat([this.#rest, bytes])
    let from = 0
    for (let end = all.indexOf(0, from); end >= 0; end = all.indexOf(0, from)) {
      this.#hear(JSON.parse(all.subarray(from, end).toString()))
      from = end + 1
    }
    this.#rest = all.subarray(from)
  }

  #hear(message: {
    id?: number
    error?: { message: string }
    result?: Members
    method?: string
    params?: Members
    sessionId?: string
  }): void {
    const { error, id, method, params = {}, result = {}, sessionId = '' } = message
    if (method !== undefined) this.#listeners.get(sessionId)?.(method, params)
    const waiting = this.#waiting.get(id ?? 0)
    if (error) waiting?.reject(new Error(error.message))
    else waiting?.resolve(result)
  }
}
