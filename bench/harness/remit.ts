import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { idTokenFor } from '../../examples/refund-desk/people.ts'
import { OAuthRefusal, type OpenTask, requestTask } from '../../src/programs/cli/agent/client.ts'
import {
  type DevIdentityProvider,
  serveIdentityProvider,
} from '../../src/programs/dev/identity-provider/serve.ts'
import { SAMPLE_AGENT, SAMPLE_PEOPLE } from '../../src/programs/dev/sample.ts'
import { freePorts } from '../../test/ports.ts'
import { crowdOf } from './crowd.ts'
import { type Cores, PROJECT } from './machine.ts'
import { ownEnvironment, type Program, startProgram } from './program.ts'

const MAIN = join('src', 'main.ts')
/** Tries to open one task. */
const MAX_TRIES = 5

/** A `remit serve` with the sample world in it, and what it takes to be its agents. */
export interface Remit {
  readonly issuer: string
  readonly issuerPort: number
  readonly gateway: string
  readonly gatewayPort: number
  readonly data: string
  readonly program: Program
  /** Tasks of refund-bot for Sam. Without details they are for the orders API, as in the story. */
  openTasks(count: number, details?: (gateway: string) => readonly object[]): Promise<OpenTask[]>
  stop(): Promise<void>
}

/** Checkout whose programs run, and settings beside the usual ones. */
interface HomeOptions {
  readonly project?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Default: yes. */
  readonly migrated?: boolean
}

/** An empty data directory, migrated if nothing else is said, and the environment to serve from it. */
export async function emptyHome({
  env: more,
  migrated = true,
  project = PROJECT,
}: HomeOptions = {}): Promise<{
  data: string
  env: { readonly REMIT_ISSUER: string } & Record<string, string>
  ports: { issuer: number; gateway: number; provider: number }
  remove(): void
}> {
  const home = mkdtempSync(join(tmpdir(), 'remit-bench-'))
  const data = join(home, 'data')
  const [issuer = 0, gateway = 0, provider = 0] = await freePorts(3)
  const env = {
    REMIT_DATA: data,
    ...firstLine(project).env,
    // Proofs are made before the clock runs.
    REMIT_DPOP_NONCES: 'off',
    REMIT_ISSUER: `http://127.0.0.1:${issuer}`,
    REMIT_LISTEN: `127.0.0.1:${issuer}`,
    REMIT_GATEWAY: `http://127.0.0.1:${gateway}`,
    REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
    ...more,
  }
  mkdirSync(data, { mode: 0o700 })
  if (migrated) run([join(project, MAIN), 'migrate'], env)
  return {
    data,
    env,
    ports: { issuer, gateway, provider },
    remove: () => rmSync(home, { recursive: true, force: true }),
  }
}

/**
 * Starts `remit serve` with all but the cores as it does by itself: default settings, embedded, its
 * log to a file.
 */
export async function startRemit(options: {
  cores: Cores
  upstream: string
  nodeOptions?: readonly string[]
  /** Settings beside the usual ones. */
  env?: Readonly<Record<string, string>>
  /** Number of people of support, instead of Sam. Each has agreed, and tasks are for one after the other. */
  crowd?: number
  /** Programs that put more into the sample world, each with its arguments. */
  seeds?: readonly (readonly string[])[]
  /** Checkout that is measured. Default: this one. */
  project?: string
  /** Program that is measured, in place of the sources. */
  main?: string
}): Promise<Remit> {
  const { project = PROJECT } = options
  const home = await emptyHome(options)
  const { data, ports } = home
  const people = await serveIdentityProvider({
    port: ports.provider,
    people: [...SAMPLE_PEOPLE, ...crowdOf(options.crowd)],
    clients: [
      { id: 'remit', redirectUris: [`http://127.0.0.1:${ports.issuer}/sign-in/callback`] },
      { id: SAMPLE_AGENT.id, redirectUris: ['http://127.0.0.1/callback'] },
    ],
  })
  const env = {
    ...home.env,
    REMIT_IDP_ISSUER: people.issuer,
    REMIT_IDP_CLIENT_ID: 'remit',
  }
  const agentKeyFile = join(data, 'refund-bot.jwk')
  const crowd = String(options.crowd ?? 0)
  const sample = join(project, 'bench', 'harness', 'seed.ts')
  run([sample, options.upstream, agentKeyFile, crowd], env)
  for (const seed of options.seeds ?? []) run(seed, env)
  const { main = join(project, MAIN) } = options
  const program = await startProgram(serveBy(main, { ...options, project }), {
    cores: options.cores,
    ready: 'Remit serves',
    env,
    log: join(data, 'server.log'),
  })
  const issuer = `http://127.0.0.1:${ports.issuer}`
  const gateway = `http://127.0.0.1:${ports.gateway}`
  const agentKey: JWK = JSON.parse(readFileSync(agentKeyFile, 'utf8'))
  return {
    issuer,
    issuerPort: ports.issuer,
    gateway,
    gatewayPort: ports.gateway,
    data,
    program,
    openTasks: (count, details) =>
      openTasks({
        ...{ count, people, issuer, gateway, agentKey, crowd: options.crowd },
        ...(details ? { details } : {}),
      }),
    async stop() {
      await program.stop()
      await people.close()
      home.remove()
    },
  }
}

/** Flags of Node and the checkout of a program. */
interface ServeOptions {
  readonly nodeOptions?: readonly string[]
  /** Checkout whose first line says the rest. Default: this one. */
  readonly project?: string
}

/** `serve` by the sources. */
export function serveCommand(options: ServeOptions = {}): string[] {
  return serveBy(join(options.project ?? PROJECT, MAIN), options)
}

/** `serve` by a program of the package, or by the sources. */
export function serveBy(main: string, options: ServeOptions = {}): string[] {
  const { nodeOptions = [], project = PROJECT } = options
  return [process.execPath, ...firstLine(project).flags, ...nodeOptions, main, 'serve']
}

/** Environment and flags of Node that the first line of the program has, as a shell starts it: `env -S NAME=value node --flag`. */
function firstLine(project: string): { env: Record<string, string>; flags: readonly string[] } {
  const [line = ''] = readFileSync(join(project, MAIN), 'utf8').split('\n', 1)
  const words = line.split(' ')
  const flags = words.filter((word) => word.startsWith('--'))
  const settings = words.filter((word) => /^[A-Z_]+=/.test(word)).map((word) => word.split('='))
  return { env: Object.fromEntries(settings), flags }
}

/** Opens tasks of refund-bot for Sam or one of a crowd each, one after the other. */
export async function openTasks(from: {
  count: number
  people: Pick<DevIdentityProvider, 'issuer'>
  issuer: string
  gateway: string
  agentKey: JWK
  crowd?: number | undefined
  details?: (gateway: string) => readonly object[]
}): Promise<OpenTask[]> {
  const details = (from.details ?? orders)(from.gateway)
  const crowd = crowdOf(from.crowd)
  const tasks: OpenTask[] = []
  for (let i = 0; i < from.count; i++) {
    const person = crowd.length > 0 ? crowd[i % crowd.length]?.id : 'sam'
    tasks.push(
      await untilOpen(async () =>
        requestTask({
          issuer: from.issuer,
          agent: { id: SAMPLE_AGENT.id, privateJwk: from.agentKey },
          subject: { token: await idTokenFor(from.people.issuer, SAMPLE_AGENT.id, person ?? '') },
          purpose: 'refund order 1042',
          details,
        }),
      ),
    )
  }
  return tasks
}

/** Tries again where something changed meanwhile, as on a machine where a task takes seconds to open. */
async function untilOpen(open: () => Promise<OpenTask>): Promise<OpenTask> {
  for (let tries = 1; ; tries++) {
    try {
      return await open()
    } catch (error) {
      const again = error instanceof OAuthRefusal && error.code === 'task.overtaken'
      if (!again || tries > MAX_TRIES) throw error
    }
  }
}

/** Details of the story: one order, and no more than 1,000.00 back. */
function orders(gateway: string): readonly object[] {
  const thisOrder = { path: '/order_id', op: 'eq', value: '1042' }
  const atMost = { path: '/amount', op: 'lte', value: '1000.00' }
  const detail = (actions: string[], bounds: object[]) => ({
    type: 'remit_call',
    locations: [`${gateway}/orders`],
    actions,
    bounds,
  })
  return [detail(['orders.read'], [thisOrder]), detail(['orders.refund'], [thisOrder, atMost])]
}

function run(args: readonly string[], env: Record<string, string>): void {
  execFileSync(process.execPath, args, {
    env: { ...ownEnvironment(), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}
