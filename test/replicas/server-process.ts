import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { TestAgent } from '../agent.ts'
import { freePorts } from '../ports.ts'
import type { World } from '../world.ts'

type Environment = Readonly<Record<string, string>>

const PROGRAM = join(import.meta.dirname, '..', 'serve.ts')

/** A whole server in a process of its own, on the database of a world: it can be killed, stopped in its tracks and started again. */
export class ServerProcess {
  /** refund-bot, whose requests reach this server. */
  readonly agent: TestAgent
  /** Port of its pages, which know themselves by the address of the world. */
  readonly issuerPort: number
  readonly #environment: Environment
  #child: ChildProcess | undefined

  private constructor(w: World, issuer: number, gateway: number, more: Environment) {
    this.issuerPort = issuer
    this.#environment = {
      ...{ ...w.environment, ...more },
      REMIT_LISTEN: `127.0.0.1:${issuer}`,
      REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
    }
    const ports = { [w.issuer]: issuer, [w.gateway]: gateway }
    const place = { issuer: w.issuer, gateway: w.gateway, clock: w.clock, ports }
    this.agent = new TestAgent(place, w.agent.id, w.agent.key)
  }

  /** `more`: variables of its environment beside those of the world. */
  static async start(w: World, more: Environment = {}): Promise<ServerProcess> {
    const [issuer = 0, gateway = 0] = await freePorts(2)
    const server = new ServerProcess(w, issuer, gateway, more)
    await server.resume()
    return server
  }

  /** Asks whether it takes new calls. */
  async isReady(): Promise<boolean> {
    return fetch(`http://127.0.0.1:${this.issuerPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  }

  /** Ends it as a crash of the machine would. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Tells it to stop, as a supervisor does. Answers its exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child
    if (!child || child.exitCode !== null) return child?.exitCode ?? null
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
    return child.exitCode
  }

  /** Starts it again after `kill`. Answers when it is ready. */
  async resume(): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, ...this.#environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    const ended = once(child, 'exit').then(() => {
      throw new Error('the server ended before it was ready')
    })
    ended.catch(() => {}) // Later it may end.
    await Promise.race([once(child.stdout, 'data'), ended])
  }

  /** Stops it in its tracks, as a long pause of the whole process would; answers how to let it go on. */
  freeze(): () => void {
    this.#child?.kill('SIGSTOP')
    return () => this.#child?.kill('SIGCONT')
  }
}
