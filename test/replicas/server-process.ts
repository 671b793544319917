import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
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
  readonly #pids = new Set<number>()

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

  /** Takes the place of a world's own server, by several processes. `also`: as `more` of `start`. */
  static async inPlaceOf(
    w: World,
    processes: number,
    also: Environment = {},
  ): Promise<ServerProcess> {
    const [issuer, gateway] = [w.issuer, w.gateway].map((origin) => Number(new URL(origin).port))
    const more = { REMIT_PROCESSES: String(processes), ...also }
    const server = new ServerProcess(w, issuer ?? 0, gateway ?? 0, more)
    await w.stopServer()
    await server.resume()
    return server
  }

  /** `more`: variables of its environment beside those of the world. */
  static async start(w: World, more: Environment = {}): Promise<ServerProcess> {
    const [issuer = 0, gateway = 0] = await freePorts(2)
    const server = new ServerProcess(w, issuer, gateway, more)
    await server.resume()
    return server
  }

  /** Ids of the processes that it serves by, where there are several (`REMIT_PROCESSES`): those that are there now. */
  get pids(): readonly number[] {
    return [...this.#pids].filter(isThere)
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
    const lines = createInterface({ input: child.stdout })
    const ready = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        const [word, pid] = line.split(' ')
        if (word === 'serving') this.#pids.add(Number(pid))
        else if (word === 'ready') resolve()
      })
    })
    await Promise.race([ready, ended])
  }

  /** Stops it in its tracks, as a long pause of the whole process would; answers how to let it go on. */
  freeze(): () => void {
    this.#child?.kill('SIGSTOP')
    return () => this.#child?.kill('SIGCONT')
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
