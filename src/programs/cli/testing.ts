import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { World as Remit } from '../../../test/world.ts'
import { systemClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { run } from './run.ts'
import { StoredSessions } from './server/sessions.ts'
import type { Output, World } from './world.ts'

export interface CommandRun {
  readonly exit: number
  /** Standard output. */
  readonly out: string
  /** Standard error. */
  readonly said: string
  /** Standard output, read as one JSON document. */
  readonly json: Record<string, unknown>
}

export interface TestCli {
  /** Home, working directory, configuration and state of this user. */
  readonly home: string
  readonly world: World
  /** Runs one command line of this user. */
  remit(...args: readonly string[]): Promise<CommandRun>
  /** Runs the command with `input` on standard input. */
  piped(input: string, ...args: readonly string[]): Promise<CommandRun>
}

/** Owner of what a test started: it ends with the test, however that ends. */
export type Owner = Pick<TestContext, 'after'>

/** A user with a home of their own, at no terminal unless told otherwise. Waiting is as short as it can be. */
export async function testCli(
  owner: Owner,
  environment: World['environment'] = {},
  change: Partial<World> = {},
): Promise<TestCli> {
  const home = await mkdtemp(join(tmpdir(), 'remit-cli-'))
  owner.after(() => rm(home, { recursive: true, force: true }))
  const world: World = {
    environment,
    home,
    directory: home,
    output: sink(() => {}),
    talk: sink(() => {}),
    readInput: async () => new Uint8Array(),
    interactive: false,
    input: () => Readable.from([]),
    untilStopped: () => new Promise(() => {}),
    askSecret: async () => undefined,
    askYes: async () => false,
    openBrowser: () => {},
    clock: systemClock,
    random: systemRandom,
    wait: () => setImmediate(),
    ...change,
  }
  const remit = async (input: string, args: readonly string[]): Promise<CommandRun> => {
    let out = ''
    let said = ''
    const exit = await run(args, {
      ...world,
      readInput: async () => Buffer.from(input),
      output: {
        ...world.output,
        write: (text) => {
          out += decodeOutput(text)
          world.output.write(text)
        },
      },
      talk: {
        ...world.talk,
        write: (text) => {
          said += decodeOutput(text)
          world.talk.write(text)
        },
      },
    })
    return {
      exit,
      out,
      said,
      get json() {
        return JSON.parse(out)
      },
    }
  }
  return {
    home,
    world,
    remit: (...args) => remit('', args),
    piped: (input, ...args) => remit(input, args),
  }
}

/** A user who is signed in at a Remit, and says yes on every page that asks them to confirm. */
export async function signedIn(
  owner: Owner,
  remit: Pick<Remit, 'api' | 'browser' | 'gateway' | 'issuer'>,
  name: 'ada' | 'sam' = 'ada',
): Promise<TestCli> {
  const talk = sink((text) => {
    const [page] = /\S+\/confirm\/\S+/.exec(text) ?? []
    if (page === undefined) return
    void remit
      .browser(name)
      .then(async (browser) => browser.submit(await browser.get(page), /^Confirm/))
  })
  const environment = { REMIT_URL: remit.issuer, REMIT_GATEWAY: remit.gateway }
  const cli = await testCli(owner, environment, { talk })
  const token = new Secret((await remit.api(name)).token)
  const expiresAt = new Date(cli.world.clock.now() + 3_600_000).toISOString()
  await new StoredSessions(cli.world).keep({ url: remit.issuer, token, expiresAt })
  return cli
}

/** Makes an output that hands on all that is written to it. */
export function sink(write: (text: string) => void, isTerminal = false): Output {
  return {
    write: (text) => write(decodeOutput(text)),
    isTerminal,
    width: isTerminal ? 100 : undefined,
  }
}

function decodeOutput(text: string | Uint8Array): string {
  return typeof text === 'string' ? text : Buffer.from(text).toString('utf8')
}

/** A server that answers whatever a test says, for what no real one would. Answers its origin. */
export async function fakeServer(owner: Owner, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  owner.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo // listening on TCP
  return `http://127.0.0.1:${port}`
}
