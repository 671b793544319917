import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { TestAgent } from '../agent.ts'
import { freePorts } from '../ports.ts'
import type { World } from '../world.ts'

const PROGRAM = join(import.meta.dirname, '..', 'serve.ts')

/** A whole server in a process of its own, on the database of a world: it can be killed, stopped in its tracks and started again. */
export class ServerProcess {
  /** refund-bot, whose requests reach this server. */
  readonly agent: TestAgent
  readonly #environment: Readonly<Record<string, string>>
  #child: ChildProcess | undefined

  private constructor(w: World, issuer: number, gateway: number) {
    this.#environment = {
      ...w.environment,
      REMIT_LISTEN: `127.0.0.1:${issuer}`,
      REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
    }
    const ports = { [w.issuer]: issuer, [w.gateway]: gateway }
    const place = { issuer: w.issuer, gateway: w.gateway, clock: w.clock, ports }
    this.agent = new TestAgent(place, w.agent.id, w.agent.key)
  }

  static async start(w: World): Promise<ServerProcess> {
    const [issuer = 0, gateway = 0] = await freePorts(2)
    const server = new ServerProcess(w, issuer, gateway)
    await server.resume()
    return server
  }

  /** Ends it as a crash of the machine would. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
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
