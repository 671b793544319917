import { type ChildProcess, spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'

export interface ProgramRun {
  readonly code: number | null
  readonly out: string
  /** Text of both streams, as it came. */
  readonly said: string
}

/** A folder of somebody who uses an SDK, with programs that run in it. */
export class Project {
  readonly folder: string
  readonly #home: string
  readonly #program: string
  readonly #running = new Set<ChildProcess>()

  /** `home` goes with the project; `program` runs what is started in it. */
  protected constructor(home: string, program: string) {
    this.#home = home
    this.#program = program
    this.folder = join(home, 'project')
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, name), text)
  }

  /** Runs a program of the project to its end. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ProgramRun> {
    return this.execute(this.#program, args, { env })
  }

  /** Starts a program of the project that talks with people while it runs. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningProgram {
    const started = this.#start(this.#program, args, { env })
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
          const { stderr, stdout } = started.child
          const more = [stdout, stderr].map(
            (stream) => new Promise((resolve) => stream?.once('data', resolve)),
          )
          await Promise.race([...more, last])
        }
      },
      tell(text) {
        started.child.stdin?.write(text)
      },
      end() {
        started.child.stdin?.end()
      },
      async stop() {
        started.child.kill()
        await ended
      },
    }
  }

  protected execute(
    program: string,
    args: readonly string[],
    options: { env?: Readonly<Record<string, string>>; shell?: boolean },
  ): Promise<ProgramRun> {
    const started = this.#start(program, args, options)
    started.child.stdin?.end()
    return this.#end(started)
  }

  async remove(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL')
    await rm(this.#home, { recursive: true, force: true, maxRetries: 5 })
  }

  #start(
    program: string,
    args: readonly string[],
    { env = {}, shell = false }: { env?: Readonly<Record<string, string>>; shell?: boolean },
  ): StartedChild {
    const PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`
    const child = spawn(program, args, {
      cwd: this.folder,
      env: { ...process.env, PATH, NODE_NO_WARNINGS: '1', PYTHONUNBUFFERED: '1', ...env },
      shell,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#running.add(child)
    child.stdin.on('error', () => {}) // it has ended
    const started: StartedChild = { child, out: '', said: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      started.out += text
      started.said += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      started.said += text
    })
    return started
  }

  #end(started: StartedChild): Promise<ProgramRun> {
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

interface StartedChild {
  readonly child: ChildProcess
  out: string
  said: string
}

export interface RunningProgram {
  readonly ended: Promise<ProgramRun>
  /** Waits until it says this, behind what was found before. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** Writes to what it reads. */
  tell(text: string): void
  /** Says that there is no more to read. */
  end(): void
  stop(): Promise<void>
}
