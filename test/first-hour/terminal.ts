import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

const PROJECT = join(import.meta.dirname, '..', '..')

/** A command under way, or a server. */
export class RunningCommand {
  readonly #child: ChildProcess
  /** Exit code, once everything it wrote has been read. */
  readonly ended: Promise<number>
  readonly #listeners = new Set<() => void>()
  output = ''
  over = false

  constructor(child: ChildProcess) {
    this.#child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
      this.#tell()
    })
    this.ended = once(child, 'close').then(([code]) => {
      this.over = true
      this.#tell()
      return Number(code ?? 1)
    })
  }

  /** Comes back with what `find` found in the output, as soon as it finds it; `undefined` when it ended without. */
  until<T>(find: (output: string) => T | undefined): Promise<T | undefined> {
    return new Promise((resolve) => {
      const look = () => {
        const found = find(this.output)
        if (found === undefined && !this.over) return
        this.#listeners.delete(look)
        resolve(found)
      }
      this.#listeners.add(look)
      look()
    })
  }

  /** Stops it with everything it started: it is a process group of its own. */
  async stop(): Promise<void> {
    const { pid } = this.#child
    if (this.over || pid === undefined) return
    try {
      process.kill(-pid, 'SIGTERM')
    } catch {
      // all of it has ended in this moment
    }
    await this.ended
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** A folder of its own: commands run here, and write here only. */
export class Terminal {
  readonly directory: string
  readonly #environment: NodeJS.ProcessEnv
  readonly #started: RunningCommand[] = []

  private constructor(directory: string) {
    this.directory = directory
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(?:REMIT_|TEST_|npm_|NODE_TEST|DATABASE_URL$|FORCE_COLOR$)/.test(name),
    )
    this.#environment = {
      ...Object.fromEntries(inherited),
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
      XDG_CONFIG_HOME: join(directory, '.config'),
      NO_COLOR: '1',
      npm_config_cache: join(directory, '.npm'),
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
    }
  }

  /** Terminal with a checkout, as far as commands can tell. */
  static async open(): Promise<Terminal> {
    const directory = await mkdtemp(join(tmpdir(), 'remit-first-hour-'))
    const names = (await readdir(PROJECT)).filter((name) => !/^\.|\.log$|^mine$/.test(name))
    await Promise.all(names.map((name) => symlink(join(PROJECT, name), join(directory, name))))
    return new Terminal(directory)
  }

  /** Terminal of somebody who has installed packages in a folder; the folder goes with it. */
  static in(directory: string): Terminal {
    return new Terminal(directory)
  }

  async save(path: string, text: string): Promise<void> {
    const file = join(this.directory, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }

  /** Starts a script. Both outputs are one, in the order in which a person sees them. */
  start(script: string): RunningCommand {
    const running = new RunningCommand(
      spawn('sh', ['-e', '-c', `exec 2>&1\n${script}`], {
        cwd: this.directory,
        env: this.#environment,
        stdio: ['ignore', 'pipe', 'inherit'],
        detached: true,
      }),
    )
    this.#started.push(running)
    return running
  }

  async close(): Promise<void> {
    for (const running of this.#started.toReversed()) await running.stop()
    await rm(this.directory, { recursive: true, force: true })
  }
}
