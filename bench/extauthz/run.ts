// `node bench/extauthz/run.ts`: what a gateway of others adds to a call by asking Remit, beside the same gateway that asks nobody.
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../test/ports.ts'
import { bareGet, gatewayGet } from '../gateway/get-way.ts'
import { startNginx } from '../gateway/nginx.ts'
import { startUpstream } from '../gateway/upstream.ts'
import { readBooks } from '../harness/books.ts'
import { RoundComparison } from '../harness/compared.ts'
import { DecisionSet } from '../harness/decided.ts'
import { measureFsync } from '../harness/fsync.ts'
import { describeMachine, pinMyself } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import type { Program } from '../harness/program.ts'
import { publish } from '../harness/publish.ts'
import { startRemit } from '../harness/remit.ts'
import { type Finding, type Results, Rounds } from '../harness/results.ts'
import {
  CONNECTIONS,
  MEASURES,
  measureAtRate,
  measureMost,
  most,
  type Way,
} from '../harness/way.ts'
import { startAskingNginx, startEnvoy } from './others.ts'
import { IDENTIFIER, ordersDetail, PUBLIC } from './public-orders.ts'

const WARM_UP = 1_000
const BARE_REQUESTS = 10_000
/** Calls a second at which latency is measured, open loop. */
const RATE = 200

/** Gateways that ask, and the same ones that do not. */
const PAIRS = [
  ['nginx asking by auth_request', 'nginx asking nobody'],
  ['Envoy asking by gRPC', 'Envoy asking nobody'],
  ['Envoy asking over HTTP', 'Envoy asking nobody'],
] as const
const OWN = "Remit's own gateway"

const options = readOptions({ seconds: 2, rounds: 3 }, [])
const pinned = pinMyself()
const cores = pinned ? 'measured' : 'any'
const machine = describeMachine(pinned)
const upstream = await startUpstream()
const [http = 0, grpc = 0, ...ports] = await freePorts(7)
const secretFile = join(tmpdir(), `remit-bench-${process.pid}.secret`)
const remit = await startRemit({
  cores,
  upstream: `http://127.0.0.1:${upstream.port}`,
  env: {
    REMIT_FORWARD_AUTH_LISTEN: `127.0.0.1:${http}`,
    REMIT_EXT_AUTHZ_LISTEN: `127.0.0.1:${grpc}`,
  },
  seeds: [[join(import.meta.dirname, 'seed.ts'), IDENTIFIER, secretFile]],
})
const secret = readFileSync(secretFile, 'utf8')
rmSync(secretFile)
const decided = new DecisionSet()
const [nginxPort = 0, nginxBarePort = 0, grpcPort = 0, httpPort = 0, envoyBarePort = 0] = ports
const at = (port: number) => ({ http, grpc, api: upstream.port, secret, port })
const programs: (Program | undefined)[] = []
try {
  const nginx = kept(await startAskingNginx(at(nginxPort), cores))
  const nginxBare = kept(await startNginx(nginxBarePort, upstream.port, cores))
  const envoyGrpc = kept(await startEnvoy('grpc', at(grpcPort), cores))
  const envoyHttp = kept(await startEnvoy('http', at(httpPort), cores))
  const envoyBare = kept(await startEnvoy('bare', at(envoyBarePort), cores))
  const own = await remit.openTasks(CONNECTIONS)
  const tasks = await remit.openTasks(CONNECTIONS, () => [ordersDetail(IDENTIFIER)])
  const asking = (name: string, port: number, program: Program | undefined): Way[] => {
    const of = { name, remit, upstream, decided, at: { origin: PUBLIC, port } }
    return program ? [gatewayGet(of, tasks)] : []
  }
  const bare = (name: string, port: number, program: Program | undefined): Way[] =>
    program ? [bareGet(name, port, program, upstream)] : []
  const ways: readonly Way[] = [
    ...asking(PAIRS[0][0], nginxPort, nginx),
    ...bare(PAIRS[0][1], nginxBarePort, nginxBare),
    ...asking(PAIRS[1][0], grpcPort, envoyGrpc),
    ...asking(PAIRS[2][0], httpPort, envoyHttp),
    ...bare(PAIRS[1][1], envoyBarePort, envoyBare),
    gatewayGet({ name: OWN, remit, upstream, decided }, own),
  ]
  const rounds = new Rounds()
  for (let round = 0; round < options.rounds; round++) await oneRound(ways, rounds)
  report(rounds)
} finally {
  for (const program of programs) await program?.stop()
  await remit.stop()
  upstream.close()
}

function kept(program: Program | undefined): Program | undefined {
  programs.push(program)
  return program
}

async function oneRound(ways: readonly Way[], rounds: Rounds): Promise<void> {
  for (const way of ways) {
    const isBare = way.program !== remit.program
    const warm = await most(way, await way.prepare(WARM_UP))
    const count = Math.max(WARM_UP, Math.round((warm.requests / warm.seconds) * options.seconds))
    await measureMost(way, isBare ? BARE_REQUESTS : count, rounds)
    await measureAtRate(way, { perSecond: RATE, seconds: options.seconds }, rounds)
  }
  const fsync = measureFsync(remit.data)
  rounds.add('fsync of this disk, p50', 'ms', fsync.p50)
  rounds.add('fsync of this disk, p99', 'ms', fsync.p99)
}

/**
 * Requires that the books have calls through gateways of others as sent: nobody reports what
 * becomes of them.
 */
function mustBeBooked(): void {
  const { decisions } = readBooks(remit.data)
  const booked = (decisions.get('answered') ?? 0) + (decisions.get('sending') ?? 0)
  if (booked !== decided.count)
    throw new Error(`${decided.count} calls, and ${booked} in the books`)
}

function hasRun(rounds: Rounds, name: string): boolean {
  return rounds.getMeasure(name, MEASURES.rate).values.length > 0
}

function report(rounds: Rounds): void {
  mustBeBooked()
  rounds.add('resident memory of Remit afterwards', 'MiB', remit.program.residentMiB())
  const ran = PAIRS.filter(([asks]) => hasRun(rounds, asks))
  const missing = PAIRS.filter(([asks]) => !hasRun(rounds, asks)).map(([asks]) => asks)
  const results: Results = {
    benchmark: 'extauthz',
    says: `GET through a gateway of others with its file of \`deploy/gateways\`, which asks \`remit serve\` about each call: token and proof verified,
all gates, proof and intent durable in SQLite, a transaction token for the API. ${decided.count} calls, each with a decision of its own that the books have.
${missing.length > 0 ? `Not run, for they are not installed here: ${missing.join(', ')}. ` : ''}Closed loop with ${CONNECTIONS} connections for throughput; open loop by schedule for
latency. Gateway and Remit share the measured core, so processor time is of Remit alone where it is asked; API and load share the other core.`,
    machine,
    settings: {
      'SQLite synchronous': 'FULL',
      connections: CONNECTIONS,
      'seconds of load': options.seconds,
      'log level': 'info, to a file',
      'warm-up calls': WARM_UP,
    },
    series: rounds.all(),
    findings: findings(new RoundComparison(rounds), ran),
  }
  publish(results, options)
}

function findings(
  compared: RoundComparison,
  ran: readonly (readonly [string, string])[],
): Finding[] {
  return ran.flatMap(([asks, bare]) =>
    (['p50', 'p99'] as const).map((of) => compared.added(of, RATE, asks, bare, `${asks}: `)),
  )
}
