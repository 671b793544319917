// `node bench/gateway/run.ts`: what a call through the gateway costs, beside proxies that decide nothing.
// With `--profile`: where the time goes instead.
import { join } from 'node:path'
import { readBooks } from '../harness/books.ts'
import { RoundComparison } from '../harness/compared.ts'
import { DecisionSet } from '../harness/decided.ts'
import { measureFsync } from '../harness/fsync.ts'
import { describeMachine, PROJECT, pinMyself } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { profilesWanted } from '../harness/profile.ts'
import { freePorts, startProgram } from '../harness/program.ts'
import { publish } from '../harness/publish.ts'
import { startRemit } from '../harness/remit.ts'
import { type Finding, type Results, Rounds } from '../harness/results.ts'
import { CONNECTIONS, measureAtRate, measureMost, most, type Way } from '../harness/way.ts'
import { bareGet, gatewayGet } from './get-way.ts'
import { startNginx } from './nginx.ts'
import { startUpstream } from './upstream.ts'

const WARM_UP = 3_000
const BARE_REQUESTS = 20_000
/** Calls a second at which latency is measured, open loop. */
const RATES = [200, 1_000]

const GATEWAY = 'gateway'
const NGINX = 'nginx, bare proxy'
const UNDICI = 'undici on node:http, bare proxy'

const options = readOptions({ seconds: 3, rounds: 5 }, ['profile'])
const profiles = profilesWanted(options)
const pinned = pinMyself()
const cores = pinned ? 'measured' : 'any'
const machine = describeMachine(pinned)
const upstream = await startUpstream()
const remit = await startRemit({
  cores,
  upstream: `http://127.0.0.1:${upstream.port}`,
  nodeOptions: profiles.nodeOptions,
})
const [barePort = 0, nginxPort = 0] = await freePorts(2)
const bare = await startProgram(
  [
    process.execPath,
    join(PROJECT, 'bench', 'gateway', 'bare-proxy.ts'),
    String(barePort),
    `http://127.0.0.1:${upstream.port}`,
  ],
  { cores, ready: 'ready' },
)
const nginx = await startNginx(nginxPort, upstream.port, cores)
const decided = new DecisionSet()
try {
  const tasks = await remit.openTasks(CONNECTIONS)
  const through = gatewayGet({ name: GATEWAY, remit, upstream, decided }, tasks)
  const ways: readonly Way[] = [
    through,
    bareGet(NGINX, nginxPort, nginx, upstream),
    bareGet(UNDICI, barePort, bare, upstream),
    bareGet('the upstream itself', upstream.port, undefined, upstream),
  ].filter(({ name, program }) => program !== undefined || name !== NGINX)
  const rounds = new Rounds()
  const warm = await most(through, await through.prepare(WARM_UP))
  if (profiles.wanted) {
    const requests = await through.prepare(WARM_UP)
    profiles.begin()
    await most(through, requests)
  } else {
    for (const way of ways.slice(1)) await most(way, await way.prepare(BARE_REQUESTS))
    const count = Math.max(1_000, Math.round((warm.requests / warm.seconds) * options.seconds))
    for (let round = 0; round < options.rounds; round++) await oneRound(ways, rounds, count)
    report(rounds)
  }
} finally {
  await remit.stop()
  await bare.stop()
  await nginx?.stop()
  upstream.close()
}
profiles.print(WARM_UP)

async function oneRound(ways: readonly Way[], rounds: Rounds, count: number): Promise<void> {
  for (const way of ways)
    await measureMost(way, way.port === remit.gatewayPort ? count : BARE_REQUESTS, rounds)
  for (const perSecond of RATES)
    for (const way of ways.slice(0, -1))
      await measureAtRate(way, { perSecond, seconds: options.seconds }, rounds)
  const fsync = measureFsync(remit.data)
  rounds.add('fsync of this disk, p50', 'ms', fsync.p50)
  rounds.add('fsync of this disk, p99', 'ms', fsync.p99)
}

function report(rounds: Rounds): void {
  decided.mustBeBooked(remit.data)
  rounds.add('resident memory of the server afterwards', 'MiB', remit.program.residentMiB())
  const results: Results = {
    benchmark: 'gateway',
    says: `GET through the gateway of \`remit serve\`: token and proof verified, all gates, proof, intent and outcome durable in SQLite, a transaction
token for the API. ${decided.count} calls, each with a decision of its own that the books have as answered. ${
      nginx ? '' : 'nginx: not run, it is not installed here. '
    }Closed loop with ${CONNECTIONS} connections for
throughput; open loop by schedule for latency. The API and the load share the other core.`,
    machine,
    settings: {
      'SQLite synchronous': 'FULL',
      connections: CONNECTIONS,
      'seconds of load': options.seconds,
      'log level': 'info, to a file',
      'policy engine': 'compiled',
      policies: readBooks(remit.data).policies,
      'warm-up calls': WARM_UP,
    },
    series: rounds.all(),
    findings: findings(new RoundComparison(rounds)),
  }
  publish(results, options)
}

function findings(compared: RoundComparison): Finding[] {
  return [
    compared.aimedShare('share of nginx as a bare proxy', GATEWAY, NGINX, 0.15),
    compared.share('the same by processor time', GATEWAY, NGINX, 'cpu'),
    compared.share('share of undici as a bare proxy', GATEWAY, UNDICI),
    compared.share('the same by processor time', GATEWAY, UNDICI, 'cpu'),
    ...['p50 at 200/s', 'p99 at 200/s'].map((at) => compared.added(at, GATEWAY, UNDICI)),
    compared.aimedAdded('p50 at 1000/s', GATEWAY, UNDICI),
    compared.added('p99 at 1000/s', GATEWAY, UNDICI),
  ]
}
