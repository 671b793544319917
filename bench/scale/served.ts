import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ownEnvironment } from '../harness/program.ts'
import type { CostReport, ParentRequest } from './subject.ts'
import type { Place } from './world.ts'

/** A server over a filled store, in a process of its own, and what its start cost. */
export class FilledServer {
  readonly began: CostReport
  readonly #child: ReturnType<typeof fork>

  private constructor(child: ReturnType<typeof fork>, began: CostReport) {
    this.#child = child
    this.began = began
  }

  static async start(place: Place, crowd: string): Promise<FilledServer> {
    const program = join(import.meta.dirname, 'subject.ts')
    const child = fork(program, [JSON.stringify(place), crowd], {
      env: ownEnvironment(),
      // As `remit serve` has it.
      execArgv: ['--min-semi-space-size=8', '--max-semi-space-size=16', '--v8-pool-size=2'],
    })
    return new FilledServer(child, await told(child))
  }

  /** Does something so many times and says what that cost. */
  async measure(act: string, count: number): Promise<CostReport> {
    const asked: ParentRequest = { act, count }
    this.#child.send(asked)
    return told(this.#child)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const gone = once(this.#child, 'exit')
    const asked: ParentRequest = { stop: true }
    this.#child.send(asked)
    await gone
  }
}

function told(child: ReturnType<typeof fork>): Promise<CostReport> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the server ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (message: CostReport) => {
      child.off('exit', ended)
      resolve(message)
    })
  })
}
