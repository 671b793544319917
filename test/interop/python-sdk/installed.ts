import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Project } from '../../sdk/project.ts'

/**
 * Environment of the package: with the oldest and the newest of everything, with nothing that it
 * can do without, beside frameworks, beside the A2A SDK.
 */
export type Environment = 'OLDEST' | 'NEWEST' | 'CORE' | 'FRAMEWORKS' | 'OPENAI' | 'A2A'

/** Folder of programs of an environment. */
export function programsOf(environment: Environment): string {
  const folder = process.env[`REMIT_INTEROP_PYTHON_${environment}`]
  if (folder === undefined) throw new Error('start this with `npm run test:interop`')
  return folder
}

/** A project of somebody who writes Python, with the package installed. */
export class PythonProject extends Project {
  readonly #programs: string

  private constructor(home: string, programs: string) {
    super(home, join(programs, 'python'))
    this.#programs = programs
  }

  static async make(environment: Environment): Promise<PythonProject> {
    const home = await mkdtemp(join(tmpdir(), 'remit-python-'))
    const project = new PythonProject(home, programsOf(environment))
    await mkdir(project.folder)
    return project
  }

  /** Runs a program that the environment has. */
  tool(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return this.execute(join(this.#programs, name), args, { env })
  }
}
