import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ownEnvironment } from '../harness/program.ts'
import type { Asked, Told } from './subject.ts'
import type { Place } from './world.ts'

/** A server over a filled store, in a process of its own, and what its start cost. */
export class Served {
  readonly began: Told
  readonly #child: ReturnType<typeof fork>

  private constructor(child: ReturnType<typeof fork>, began: Told) {
    this.#child = child
    this.began = began
  }

  static async start(place: Place, crowd: string): Promise<Served> {
    const program = join(import.meta.dirname, 'subject.ts')
    const child = fork(program, [JSON.stringify(place), crowd], {
      env: ownEnvironment(),
      // As `remit serve` has it.
      execArgv: ['--max-semi-space-size=8'],
    })
    return new Served(child, await told(child))
  }

  /** Does something so many times and says what that cost. */
  async measure(act: string, count: number): Promise<Told> {
    const asked: Asked = { act, count }
    this.#child.send(asked)
    return told(this.#child)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const gone = once(this.#child, 'exit')
    const asked: Asked = { stop: true }
    this.#child.send(asked)
    await gone
  }
}

function told(child: ReturnType<typeof fork>): Promise<Told> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the server ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (message: Told) => {
      child.off('exit', ended)
      resolve(message)
    })
  })
}
