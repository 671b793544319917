import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { idTokenFor } from '../../examples/refund-desk/people.ts'
import { type OpenTask, openTask } from '../../src/cli/agent/client.ts'
import {
  type DevIdentityProvider,
  serveIdentityProvider,
} from '../../src/dev/identity-provider/serve.ts'
import { SAMPLE_AGENT, SAMPLE_PEOPLE } from '../../src/dev/sample.ts'
import { type Cores, PROJECT } from './machine.ts'
import { freePorts, ownEnvironment, type Program, startProgram } from './program.ts'

const MAIN = join('src', 'main.ts')

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
}

/** An empty, migrated data directory and the environment to serve from it. */
export async function emptyHome({ env: more, project = PROJECT }: HomeOptions = {}): Promise<{
  data: string
  env: Record<string, string>
  ports: { issuer: number; gateway: number; provider: number }
  remove(): void
}> {
  const home = mkdtempSync(join(tmpdir(), 'remit-bench-'))
  const data = join(home, 'data')
  const [issuer = 0, gateway = 0, provider = 0] = await freePorts(3)
  const env = {
    REMIT_DATA: data,
    // Proofs are made before the clock runs.
    REMIT_DPOP_NONCES: 'off',
    REMIT_ISSUER: `http://127.0.0.1:${issuer}`,
    REMIT_LISTEN: `127.0.0.1:${issuer}`,
    REMIT_GATEWAY: `http://127.0.0.1:${gateway}`,
    REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
    ...more,
  }
  mkdirSync(data, { mode: 0o700 })
  run([join(project, MAIN), 'migrate'], env)
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
  /** A program that puts more into the sample world, with its arguments. */
  seed?: readonly string[]
  /** Checkout that is measured. Default: this one. */
  project?: string
}): Promise<Remit> {
  const { project = PROJECT } = options
  const home = await emptyHome(options)
  const { data, ports } = home
  const people = await serveIdentityProvider({
    port: ports.provider,
    people: SAMPLE_PEOPLE,
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
  run([join(project, 'bench', 'harness', 'seed.ts'), options.upstream, agentKeyFile], env)
  if (options.seed) run(options.seed, env)
  const program = await startProgram(serveCommand(options.nodeOptions, project), {
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
    openTasks: (count, details = orders) =>
      openTasks({ count, people, issuer, agentKey, details: details(gateway) }),
    async stop() {
      await program.stop()
      await people.close()
      home.remove()
    },
  }
}

/** Flags of Node, as the first line of the program has them. */
const FLAGS = ['--max-semi-space-size=8']

export function serveCommand(nodeOptions: readonly string[] = [], project = PROJECT): string[] {
  return [process.execPath, ...FLAGS, ...nodeOptions, join(project, MAIN), 'serve']
}

async function openTasks(from: {
  count: number
  people: DevIdentityProvider
  issuer: string
  agentKey: JWK
  details: readonly object[]
}): Promise<OpenTask[]> {
  const tasks: OpenTask[] = []
  for (let i = 0; i < from.count; i++) {
    const token = await idTokenFor(from.people.issuer, SAMPLE_AGENT.id, 'sam')
    tasks.push(
      await openTask({
        issuer: from.issuer,
        agent: { id: SAMPLE_AGENT.id, privateJwk: from.agentKey },
        subject: { token },
        purpose: 'refund order 1042',
        details: from.details,
      }),
    )
  }
  return tasks
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
