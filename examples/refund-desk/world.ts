import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PROJECT = join(import.meta.dirname, '..', '..')
/** Below what systems hand out by themselves, so that nobody's outgoing connection sits on one of them. */
const FIRST_PORT = 20_000
const LAST_PORT = 32_000

export interface World {
  readonly issuer: string
  readonly gateway: string
  readonly provider: string
  /** Page with the e-mail of the sample people. */
  readonly mailbox: string
  readonly data: string
  /** Runs a command of the CLI against this server. `onLine` sees what it says while it runs. */
  remit(
    args: readonly string[],
    options?: { input?: string; onLine?: (line: string) => void },
  ): Promise<CommandRun>
  /** Runs another program of the project. */
  run(program: string, args: readonly string[]): Promise<CommandRun>
  stop(): Promise<void>
}

export interface CommandRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

/**
 * Starts `remit dev` as anyone would, in a directory and on ports of its own, and waits until it says it is ready.
 * `pushService`: origin on this machine that it may send web push to.
 */
export async function startWorld({ pushService = '' } = {}): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), 'remit-story-'))
  const data = join(home, 'data')
  const port = await freePorts(9)
  const environment = {
    ...process.env,
    REMIT_DATA: data,
    XDG_CONFIG_HOME: join(home, 'config'),
    NO_COLOR: '1',
    REMIT_WEBHOOK_ORIGINS: pushService,
  }
  const server = spawn(
    process.execPath,
    [join(PROJECT, 'src', 'main.ts'), 'dev', '--port', String(port)],
    {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  await untilReady(server)
  const [issuer, gateway, provider, mailbox] = [0, 1, 2, 7].map(
    (i) => `http://127.0.0.1:${port + i}`,
  ) as [string, string, string, string] // four in, four out
  return {
    issuer,
    gateway,
    provider,
    mailbox,
    data,
    remit: (args, options) =>
      execute(
        [join(PROJECT, 'src', 'main.ts'), ...args],
        { ...environment, REMIT_URL: issuer },
        options,
      ),
    run: (program, args) => execute([join(PROJECT, program), ...args], environment),
    async stop() {
      if (server.exitCode === null) {
        server.kill('SIGTERM')
        await once(server, 'exit')
      }
      await rm(home, { recursive: true, force: true })
    },
  }
}

async function untilReady(server: ChildProcess): Promise<void> {
  let said = ''
  const { stderr } = server
  if (!stderr) throw new Error('its stderr is a pipe')
  await new Promise<void>((resolve, reject) => {
    stderr.on('data', (chunk: Buffer) => {
      said += chunk
      if (said.includes('Remit is ready')) resolve()
    })
    server.once('exit', () => reject(new Error(`remit dev ended before it was ready:\n${said}`)))
  })
}

function execute(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  options: { input?: string; onLine?: (line: string) => void } = {},
): Promise<CommandRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, command, { env, stdio: 'pipe' })
    let out = ''
    let err = ''
    let seen = 0
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk
    })
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk
      const lines = err.split('\n')
      for (; seen < lines.length - 1; seen++) options.onLine?.(lines[seen] ?? '')
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, out, err }))
    child.stdin.end(options.input ?? '')
  })
}

/** The first of so many neighbouring ports that are free now. */
async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const held: net.Server[] = []
    try {
      const first = randomInt(FIRST_PORT, LAST_PORT)
      for (let i = 0; i < count; i++) await hold(first + i, held)
      return first
    } catch {
      // one of them is taken: try elsewhere
    } finally {
      await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
    }
  }
  throw new Error(`no ${count} neighbouring free ports`)
}

async function hold(port: number, held: net.Server[]): Promise<void> {
  const server = net.createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  held.push(server)
}
