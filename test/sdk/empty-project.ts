import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { buildSdk } from '../../tools/build-sdk.ts'

const WORKSPACE = join(import.meta.dirname, '..', '..')
const MODULES = join(WORKSPACE, 'node_modules')
const WINDOWS = process.platform === 'win32'

export interface Ran {
  readonly code: number | null
  readonly out: string
  /** Both streams, as they came. */
  readonly said: string
}

/** A project somewhere else, in which the SDK is installed as anyone would install it: from its package. */
export class EmptyProject {
  readonly folder: string
  readonly #home: string
  readonly #running = new Set<ChildProcess>()

  private constructor(home: string) {
    this.#home = home
    this.folder = join(home, 'project')
  }

  /** Builds, packs and installs. Nothing is downloaded: `jose` comes from the workspace, packed likewise. */
  static async make(): Promise<EmptyProject> {
    const home = await mkdtemp(join(tmpdir(), 'remit-sdk-'))
    const project = new EmptyProject(home)
    await mkdir(project.folder)
    await buildSdk(join(home, 'package'))
    await project.write('package.json', '{ "type": "module", "private": true }')
    const packages = [join(home, 'package'), join(MODULES, 'jose')]
    await project.npm(
      'pack',
      '--silent',
      '--ignore-scripts',
      '--pack-destination',
      home,
      ...packages,
    )
    const files = (await readdir(home)).filter((name) => name.endsWith('.tgz'))
    if (files.length !== 2) throw new Error(`packed was ${files.join()}`)
    const options = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
    await project.npm('install', ...options, ...files.map((name) => join(home, name)))
    return project
  }

  /** Packages of the workspace, which the project has not installed itself: frameworks, types. */
  async link(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const path = join(this.folder, 'node_modules', name)
      await mkdir(dirname(path), { recursive: true })
      await symlink(join(MODULES, name), path, 'junction')
    }
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, name), text)
  }

  async npm(...args: readonly string[]): Promise<Ran> {
    const ran = await this.#end(this.#start('npm', args, { shell: WINDOWS }))
    if (ran.code !== 0) throw new Error(`npm ${args[0]} failed: ${ran.said}`)
    return ran
  }

  /** Type-checks with the compiler of the workspace. Answers what it complains about. */
  async check(options: object, files: readonly string[]): Promise<string> {
    const compilerOptions = { strict: true, noEmit: true, target: 'esnext', types: [], ...options }
    await this.write('tsconfig.json', JSON.stringify({ compilerOptions, files }))
    const tsc = join(MODULES, 'typescript', 'bin', 'tsc')
    return (await this.node([tsc, '-p', 'tsconfig.json'])).said
  }

  /** Runs a program of the project to its end. */
  node(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return this.#end(this.#start(process.execPath, args, { env }))
  }

  /** Starts a program of the project that talks with people while it runs. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const started = this.#start(process.execPath, args, { env })
    const ended = this.#end(started)
    let read = 0
    const find = (pattern: RegExp) => {
      const found = pattern.exec(started.said.slice(read))
      if (found) read += found.index + found[0].length
      return found
    }
    return {
      ended,
      async says(pattern) {
        let over = false
        const last = ended.finally(() => {
          over = true
        })
        for (;;) {
          const found = find(pattern)
          if (found) return found
          if (over) throw new Error(`it never said ${pattern}: ${started.said}`)
          const more = new Promise((resolve) => started.child.stdout?.once('data', resolve))
          await Promise.race([more, last])
        }
      },
      async stop() {
        started.child.kill()
        await ended
      },
    }
  }

  async remove(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL')
    await rm(this.#home, { recursive: true, force: true, maxRetries: 5 })
  }

  #start(
    program: string,
    args: readonly string[],
    { env = {}, shell = false }: { env?: Readonly<Record<string, string>>; shell?: boolean },
  ): Started {
    const PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`
    const child = spawn(program, args, {
      cwd: this.folder,
      env: { ...process.env, PATH, NODE_NO_WARNINGS: '1', ...env },
      shell,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running.add(child)
    const started: Started = { child, out: '', said: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      started.out += text
      started.said += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      started.said += text
    })
    return started
  }

  #end(started: Started): Promise<Ran> {
    const { child } = started
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        this.#running.delete(child)
        resolve({ code, out: started.out, said: started.said })
      })
    })
  }
}

interface Started {
  readonly child: ChildProcess
  out: string
  said: string
}

export interface Running {
  readonly ended: Promise<Ran>
  /** Waits until it says this, behind what was found before. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  stop(): Promise<void>
}
