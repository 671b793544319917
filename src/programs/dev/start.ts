import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openLog } from '../../platform/http/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { systemClock } from '../../platform/lib/clock.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { emptyDataDirectory } from '../../platform/storage/index.ts'
import { createServer } from '../../server.ts'
import { readSettings } from '../config/settings.ts'
import { SAMPLE_AGENT } from './sample.ts'
import { seedSample } from './seed.ts'

export interface Development {
  readonly issuer: string
  readonly gateway: string
  readonly provider: string
  readonly orders: string
  /** The sample MCP server, behind the gateway as `<gateway>/desk`. */
  readonly desk: string
  /** Page with the e-mail of the sample people. */
  readonly mailbox: string
  readonly data: string
  readonly agentKeyFile: string
  /** True when nothing was there before. */
  readonly fresh: boolean
  /** Promise, as `Server.lost`. */
  readonly lost: Promise<Error>
  /** Answers whether all went well. */
  stop(): Promise<boolean>
}

const DEFAULT_PORT = 7480
/** Ports of the mailbox's page and the mail server, behind the first. Those in between are for services of the reader. */
const MAILBOX = 7
const SMTP = 8
/** Marks a directory as one that `--reset` may empty. */
const MARK = 'dev.json'

/**
 * Starts Remit, and in a process of their own the development identity provider, the sample orders API and MCP server, and a mail server, on
 * ports from `port` on (seven of nine). Addresses are part of tokens and of the ledger's name, so the port is kept with the state.
 * @throws Problem `server.port_in_use`, `storage.locked`, `dev.not_ours`, `dev.samples_missing`
 */
export async function startDevelopment(options: {
  reset: boolean
  port?: number
  environment: Readonly<Record<string, string | undefined>>
}): Promise<Development> {
  const data = developmentData(options.environment)
  if (options.reset) await clear(data)
  const empty = !existsSync(data) || (await foreignFiles(data)).length === 0
  const { fresh, port, secret } = await prepare(data, options.port)
  const [issuer, gateway, provider, orders] = [0, 1, 2, 3].map(
    (i) => `http://127.0.0.1:${port + i}`,
  ) as [string, string, string, string] // four in, four out
  const settings = readSettings({
    ...withoutSettings(options.environment),
    REMIT_DATA: data,
    REMIT_ISSUER: issuer,
    REMIT_LISTEN: `127.0.0.1:${port}`,
    REMIT_GATEWAY: gateway,
    REMIT_GATEWAY_LISTEN: `127.0.0.1:${port + 1}`,
    REMIT_TRUST_DOMAIN: 'dev.remit',
    REMIT_IDP_ISSUER: provider,
    REMIT_IDP_NAME: 'Development sign-in',
    REMIT_IDP_CLIENT_ID: 'remit',
    REMIT_IDP_CLIENT_SECRET: secret,
    REMIT_SMTP_URL: `smtp://127.0.0.1:${port + SMTP}`,
    REMIT_PUSH_CONTACT: 'mailto:remit@example.com',
    REMIT_WEBHOOK_ORIGINS: options.environment.REMIT_WEBHOOK_ORIGINS,
    REMIT_LOG_LEVEL: options.environment.REMIT_LOG_LEVEL ?? 'warn',
    REMIT_FORWARD_AUTH_LISTEN: options.environment.REMIT_FORWARD_AUTH_LISTEN,
    REMIT_EXT_AUTHZ_LISTEN: options.environment.REMIT_EXT_AUTHZ_LISTEN,
    REMIT_METRICS_LISTEN: options.environment.REMIT_METRICS_LISTEN,
    REMIT_OTLP: options.environment.REMIT_OTLP,
    REMIT_TRACE_PERCENT: options.environment.REMIT_TRACE_PERCENT,
  })
  const agentKeyFile = join(data, 'agents', `${SAMPLE_AGENT.id}.jwk`)
  const desk = `http://127.0.0.1:${port + 4}/mcp`
  const mailbox = `http://127.0.0.1:${port + MAILBOX}`
  const stops: (() => Promise<boolean>)[] = []
  const stop = async () => {
    let clean = true
    for (const each of stops.splice(0).reverse()) clean = (await each()) && clean
    return clean
  }
  try {
    // It starts meanwhile, on another core.
    const samples = startSamples({ port, issuer, gateway, secret })
    stops.push(async () => {
      await samples.stop()
      return true
    })
    const server = await createServer({
      settings,
      clock: systemClock,
      random: systemRandom,
      log: openLog({ level: settings.logLevel }),
      migrate: true,
      development: true,
    })
    stops.push(() => server.stop())
    await seedSample(server.rooms, {
      providerIssuer: provider,
      ordersUrl: orders,
      deskUrl: desk,
      agentKeyFile,
    })
    await server.listen()
    await samples.ready
    const { lost } = server
    return {
      issuer,
      gateway,
      provider,
      orders,
      desk,
      mailbox,
      data,
      agentKeyFile,
      fresh,
      lost,
      stop,
    }
  } catch (error) {
    await stop()
    // A start that failed claims nothing: the next one may choose other ports.
    if (fresh && empty) await clear(data)
    throw error
  }
}

/** Finds where `remit dev` keeps its state. */
export function developmentData(environment: Readonly<Record<string, string | undefined>>): string {
  return resolve(environment.REMIT_DATA ?? '.remit')
}

/** True when `remit dev` has kept something in the directory. */
export function hasKeptState(data: string): boolean {
  return existsSync(join(data, MARK))
}

/** Settings that `remit dev` chooses itself; a stray variable of another installation must not mix in. */
function withoutSettings(environment: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !name.startsWith('REMIT_') && name !== 'DATABASE_URL',
    ),
  )
}

async function foreignFiles(data: string): Promise<readonly string[]> {
  return (await readdir(data)).filter((name) => name !== 'lock.db')
}

/** @throws Problem `dev.not_ours`, `storage.locked`: a Remit that runs keeps its state */
async function clear(data: string): Promise<void> {
  if (!existsSync(data)) return
  if (!hasKeptState(data) && (await foreignFiles(data)).length > 0) {
    throw new Problem(
      'dev.not_ours',
      `\`${data}\` holds something else; remove it yourself, or choose another REMIT_DATA`,
    )
  }
  await emptyDataDirectory(data, MARK)
}

async function prepare(data: string, wanted: number | undefined) {
  await mkdir(join(data, 'agents'), { recursive: true, mode: 0o700 })
  const file = join(data, MARK)
  if (existsSync(file)) {
    const kept: { port: number; secret: string } = JSON.parse(await readFile(file, 'utf8'))
    if (wanted !== undefined && wanted !== kept.port) {
      throw new Problem(
        'dev.other_port',
        `the state in \`${data}\` belongs to port ${kept.port}; use --reset, or another REMIT_DATA`,
      )
    }
    return { ...kept, fresh: false }
  }
  const made = { port: wanted ?? DEFAULT_PORT, secret: base64url(systemRandom.bytes(32)) }
  await writeFile(file, `${JSON.stringify(made)}\n`, { mode: 0o600 })
  return { ...made, fresh: true }
}

interface Samples {
  /** Settles when all of them listen. */
  readonly ready: Promise<void>
  stop(): Promise<void>
}

/** Program of the samples: in a checkout beside this file, else in a package of its own, because a server needs nothing of it. */
function samplesProgram(): string {
  const beside = join(import.meta.dirname, 'sample-services.ts')
  if (existsSync(beside)) return beside
  try {
    return fileURLToPath(import.meta.resolve('@remit/dev/sample-services'))
  } catch {
    throw new Problem(
      'dev.samples_missing',
      'the package `@remit/dev` is not installed beside `remit`',
    )
  }
}

/**
 * The samples run in a process of their own, as services of yours would, and end with this one. `secret`: of Remit's own client at the
 * identity provider.
 */
function startSamples(at: {
  port: number
  issuer: string
  gateway: string
  secret: string
}): Samples {
  const program = samplesProgram()
  const args = [
    ['--provider-port', String(at.port + 2)],
    ['--port', String(at.port + 3)],
    ['--mcp-port', String(at.port + 4)],
    ['--mail-port', String(at.port + MAILBOX)],
    ['--smtp-port', String(at.port + SMTP)],
    ['--issuer', at.issuer],
    ['--trust-domain', 'dev.remit'],
    ['--audience', `${at.gateway}/orders`],
  ].flat()
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Not among the arguments, which everybody on this machine can see.
    env: { ...process.env, REMIT_IDP_CLIENT_SECRET: at.secret },
  })
  const ended = once(child, 'exit')
  const ready = Promise.race([once(child, 'message'), ended.then(() => ['ended'])]).then(
    ([said]) => {
      if (said === 'ready') return
      if (typeof said?.missing === 'string') throw new Problem('dev.samples_missing', said.missing)
      const taken: unknown = said?.portTaken
      const ports = `one of the ports ${at.port + 2} to ${at.port + SMTP}`
      throw new Problem(
        'server.port_in_use',
        `${typeof taken === 'number' ? `port ${taken}` : ports} is taken by another program, and a sample service needs it`,
      )
    },
  )
  // The code that awaits it hears of it; an earlier failure is told first.
  ready.catch(() => {})
  return {
    ready,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
