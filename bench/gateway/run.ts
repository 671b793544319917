// `node bench/gateway/run.ts`: what a call through the gateway costs, beside proxies that decide nothing.
// With `--profile`: where the time goes instead.
import { join } from 'node:path'
import { freePorts } from '../../test/ports.ts'
import { readBooks } from '../harness/books.ts'
import { RoundComparison } from '../harness/compared.ts'
import { DecisionSet } from '../harness/decided.ts'
import { measureFsync } from '../harness/fsync.ts'
import { describeMachine, PROJECT, pinMyself } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { profilesWanted } from '../harness/profile.ts'
import { startProgram } from '../harness/program.ts'
import { publish } from '../harness/publish.ts'
import { startRemit } from '../harness/remit.ts'
import { type Finding, median, type Results, Rounds, ratio } from '../harness/results.ts'
import {
  atConnections,
  CONNECTIONS,
  highestRate,
  MEASURES,
  measureAtRate,
  measureMost,
  most,
  type Way,
  warmUp,
} from '../harness/way.ts'
import { bareGet, gatewayGet } from './get-way.ts'
import { startNginx } from './nginx.ts'
import { startUpstream } from './upstream.ts'
import { CROWD, NONCES, STRANGERS, startVariants } from './variants.ts'

/** After fewer calls, V8 has not optimized all of the way yet: a call takes up to half as much again. */
const WARM_UP = 20_000
/** A shorter run of a proxy that decides nothing says little. */
const BARE_SECONDS = 3
/** Calls that a profile is of. */
const PROFILED = 3_000
/** Connections of closed loops. */
const CLOSED = [32, 1, 4, 64]
/** Connections of a closed loop in which the load keeps up with every proxy. */
const FEW = 4
/** Most that p99 may be above that of a bare proxy at the lowest rate, in milliseconds. */
const MAY_ADD = 20
/** Calls a second at which latency is measured, open loop. */
const RATES = [100, 200, 1_000]

const GATEWAY = 'gateway'
const NGINX = 'nginx, bare proxy'
const UNDICI = 'undici on node:http, bare proxy'

/** Share of its core above which the load is what limits a rate. */
const FULL = 0.8
const HIGHEST = `highest rate of the open loop with p99 at most ${MAY_ADD} ms above a bare proxy's and nothing refused`

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
const ofVariants: DecisionSet[] = []
const variants = profiles.wanted
  ? []
  : await startVariants({
      ...{ cores, upstream },
      decided() {
        const set = new DecisionSet()
        ofVariants.push(set)
        return set
      },
    })
try {
  const tasks = await remit.openTasks(CONNECTIONS)
  const through = gatewayGet({ name: GATEWAY, remit, upstream, decided }, tasks)
  const bares: readonly Way[] = [
    bareGet(NGINX, nginxPort, nginx, upstream),
    bareGet(UNDICI, barePort, bare, upstream),
    bareGet('the upstream itself', upstream.port, undefined, upstream),
  ].filter(({ name, program }) => program !== undefined || name !== NGINX)
  const rounds = new Rounds()
  const count = await calibrate(through, options.seconds)
  if (profiles.wanted) {
    const requests = await through.prepare(PROFILED)
    profiles.begin(remit.program)
    await most(through, requests)
  } else {
    const counts = new Map<Way, number>()
    for (const way of bares)
      counts.set(way, await calibrate(way, Math.max(BARE_SECONDS, options.seconds)))
    for (const { calls, way } of variants) {
      const most = await calibrate(way, options.seconds, calls)
      counts.set(way, calls ?? most)
    }
    for (let round = 0; round < options.rounds; round++)
      await oneRound({ through, count, bares, counts }, rounds)
    report(rounds)
  }
} finally {
  await remit.stop()
  for (const each of variants) await each.remit.stop()
  await bare.stop()
  await nginx?.stop()
  upstream.close()
}
await profiles.print(PROFILED)

/** Warms a way up; answers how many requests it does in so many seconds. */
async function calibrate(way: Way, seconds: number, atOnce?: number): Promise<number> {
  return Math.max(1_000, Math.round((await warmUp(way, WARM_UP, atOnce)) * seconds))
}

async function oneRound(
  of: {
    readonly through: Way
    /** Calls through the gateway in one run. */
    readonly count: number
    readonly bares: readonly Way[]
    readonly counts: ReadonlyMap<Way, number>
  },
  rounds: Rounds,
): Promise<void> {
  const { bares, count, counts, through } = of
  for (const connections of CLOSED) {
    // One caller alone is slower by far.
    const share = connections === 1 ? 0.2 : connections === 4 ? 0.5 : 1
    await measureMost(through, Math.round(count * share), rounds, connections)
    for (const { calls, way } of variants) {
      const most = calls ?? Math.round((counts.get(way) ?? 0) * share)
      await measureMost(way, most, rounds, connections)
    }
  }
  for (const way of bares) await measureMost(way, counts.get(way) ?? 0, rounds)
  const proxies = bares.filter(({ program }) => program)
  // With few connections, the load is not full.
  for (const way of proxies)
    await measureMost(way, Math.round((counts.get(way) ?? 0) / 2), rounds, FEW)
  for (const perSecond of RATES)
    for (const way of [through, ...proxies])
      await measureAtRate(way, { perSecond, seconds: options.seconds }, rounds)
  const least = median(rounds.getMeasure(UNDICI, `p99 at ${RATES[0]}/s`).values)
  const highest = await highestRate(through, least + MAY_ADD, options.seconds)
  rounds.add(HIGHEST, '/s', highest)
  const fsync = measureFsync(remit.data)
  rounds.add('fsync of this disk, p50', 'ms', fsync.p50)
  rounds.add('fsync of this disk, p99', 'ms', fsync.p99)
}

function report(rounds: Rounds): void {
  decided.mustBeBooked(remit.data)
  for (const [i, { remit: of }] of variants.entries()) ofVariants[i]?.mustBeBooked(of.data)
  rounds.add('resident memory of the server afterwards', 'MiB', remit.program.residentMiB())
  const results: Results = {
    benchmark: 'gateway',
    says: `GET through the gateway of \`remit serve\`: each token verified once and each proof, all gates, proof, intent and outcome durable in
SQLite, a transaction token for the API. ${CONNECTIONS} tasks of one person and one agent read one order; beside it ${CROWD} calls of which each is of
another task, person, key and token, and calls whose proofs have a nonce of the server. ${decided.count} calls, each with a decision of its own that the
books have as answered. ${nginx ? '' : 'nginx: not run, it is not installed here. '}Closed loop with 1 to 64 connections for throughput; open loop by schedule over ${4 * CONNECTIONS} for latency: a refusal
(503) there is an answer of a server that cannot keep up, is counted, and has no latency. The API and the
load share the other core${fullGenerators(rounds)}. What compares is processor time.`,
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
    findings: findings(rounds),
  }
  publish(results, options)
}

/** Names what the load was too slow for, so that its rate is not its own. */
function fullGenerators(rounds: Rounds): string {
  const full = [GATEWAY, NGINX, UNDICI].filter(
    (name) => median(rounds.getMeasure(name, MEASURES.generator).values) > FULL,
  )
  return full.length > 0 ? `, which was full for: ${full.join('; ')}` : ', which was never full'
}

function findings(rounds: Rounds): Finding[] {
  const compared = new RoundComparison(rounds)
  const cpu = (connections: number) => atConnections(MEASURES.cpu, connections)
  const loadBeside = (name: string, connections: number) =>
    median(rounds.getMeasure(name, atConnections(MEASURES.generator, connections)).values)
  const percent = (share: number) => `${Math.round(share * 100)} %`
  return [
    compared.aimedCost('processor time of a call, 32 connections', GATEWAY, cpu(32), 400),
    compared.aimedCost('processor time of a call, 1 connection', GATEWAY, cpu(1), 900),
    compared.aimedRate(HIGHEST, HIGHEST, 1_500),
    compared.share('share of nginx as a bare proxy, by processor time', GATEWAY, NGINX, 'cpu'),
    {
      name: `the same, nginx with ${FEW} connections: the load used ${percent(loadBeside(NGINX, FEW))} of its core`,
      value: ratio(
        rounds.getMeasure(NGINX, cpu(FEW)),
        rounds.getMeasure(GATEWAY, cpu(CONNECTIONS)),
      ),
      unit: '',
    },
    compared.share('share of undici as a bare proxy, by processor time', GATEWAY, UNDICI, 'cpu'),
    compared.share('nobody calls twice: share of the usual calls', STRANGERS, GATEWAY, 'cpu'),
    compared.share('with nonces: share of the usual calls', NONCES, GATEWAY, 'cpu'),
    ...RATES.flatMap((rate) =>
      (['p50', 'p99'] as const).map((of) => compared.added(of, rate, GATEWAY, UNDICI)),
    ),
  ]
}
