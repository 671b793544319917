import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { onCores } from '../harness/machine.ts'
import { startProgram } from '../harness/program.ts'
import { emptyHome, serveBy, serveCommand } from '../harness/remit.ts'
import type { Rounds } from '../harness/results.ts'
import type { Version } from './version.ts'

/** Jobs that have programs of their own, which end; the other jobs are those of a server. */
export const OWN_PROGRAMS = {
  gates: 'all gates',
  turn: 'longest turn by hostile input',
  start: 'start',
} as const

const GATES_SECONDS = '0.5'

/** Runs the version's own `bench/decide/gates.ts` and `stalls.ts`, in a process of its own each. */
export function measureDecisions(
  { name, project }: Version,
  isPinned: boolean,
  rounds: Rounds,
): void {
  const run = <T>(file: string, cores: 'measured' | 'both', ...args: string[]): T => {
    const program = join(project, 'bench', 'decide', file)
    const command = [process.execPath, '--expose-gc', program, ...args, GATES_SECONDS]
    const [first, rest] = onCores(isPinned ? cores : 'any', command)
    return JSON.parse(execFileSync(first, rest, { cwd: project, encoding: 'utf8' }))
  }
  const gates = run<Record<string, { p50: number }>>('gates.ts', 'measured', 'compiled')
  const p50 = gates['all gates']?.p50 ?? Number.NaN
  rounds.addMeasure(`${OWN_PROGRAMS.gates}: ${name}`, 'p50', 'µs', p50 / 1000)
  const stalls = run<readonly { turnMs: number }[]>('stalls.ts', 'both')
  const longest = Math.max(...stalls.map(({ turnMs }) => turnMs))
  rounds.addMeasure(`${OWN_PROGRAMS.turn}: ${name}`, 'processor time', 'ms', longest)
}

/** A data directory that a version is started on, again and again. */
export class Starts {
  readonly #version: Version
  readonly #home: Awaited<ReturnType<typeof emptyHome>>

  private constructor(version: Version, home: Awaited<ReturnType<typeof emptyHome>>) {
    this.#version = version
    this.#home = home
  }

  /** The first start fills the file cache and makes keys: it is not counted. */
  static async prepare(version: Version): Promise<Starts> {
    const starts = new Starts(version, await emptyHome({ project: version.project }))
    await starts.#once()
    return starts
  }

  async measure(rounds: Rounds): Promise<void> {
    rounds.addMeasure(
      `${OWN_PROGRAMS.start}: ${this.#version.name}`,
      'ready',
      'ms',
      await this.#once(),
    )
  }

  remove(): void {
    this.#home.remove()
  }

  /** Milliseconds until it serves. */
  async #once(): Promise<number> {
    const { main, project } = this.#version
    const command = main === undefined ? serveCommand({ project }) : serveBy(main, { project })
    const began = performance.now()
    const program = await startProgram(command, {
      ...{ cores: 'any', ready: 'Remit serves' },
      env: this.#home.env,
    })
    const took = performance.now() - began
    await program.stop()
    return took
  }
}
