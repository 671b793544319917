// `node bench/gateway/run.ts`: what a call through the gateway costs, beside proxies that decide nothing.
// With `--profile`: where the time goes instead.
import { join } from 'node:path'
import { readBooks } from '../harness/books.ts'
import { Decided } from '../harness/decided.ts'
import { measureFsync } from '../harness/fsync.ts'
import { describeMachine, PROJECT, pinMyself } from '../harness/machine.ts'
import { profilesWanted } from '../harness/profile.ts'
import { freePorts, startProgram } from '../harness/program.ts'
import { startRemit } from '../harness/remit.ts'
import { median, publish, Rounds, ratio } from '../harness/results.ts'
import { CONNECTIONS, measureAtRate, measureMost, most, type Way } from '../harness/way.ts'
import { bareGet, gatewayGet } from './get-way.ts'
import { startNginx } from './nginx.ts'
import { startUpstream } from './upstream.ts'

const ROUNDS = 5
const SECONDS = 3
const WARM_UP = 3_000
const BARE_REQUESTS = 20_000
/** Calls a second at which latency is measured, open loop, and for how long. */
const RATES = [200, 1_000]
const RATE_SECONDS = 2

const profiles = profilesWanted()
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
const decided = new Decided()
try {
  const tasks = await remit.openTasks(CONNECTIONS)
  const through = gatewayGet({ name: 'gateway', remit, upstream, decided }, tasks)
  const ways: readonly Way[] = [
    through,
    bareGet('nginx, bare proxy', nginxPort, nginx, upstream),
    bareGet('undici on node:http, bare proxy', barePort, bare, upstream),
    bareGet('the upstream itself', upstream.port, undefined, upstream),
  ].filter(({ name, program }) => program !== undefined || !name.startsWith('nginx'))
  const rounds = new Rounds()
  const warm = await most(through, await through.prepare(WARM_UP))
  if (!profiles.wanted) {
    for (const way of ways.slice(1)) await most(way, await way.prepare(BARE_REQUESTS))
    const count = Math.max(1_000, Math.round((warm.requests / warm.seconds) * SECONDS))
    for (let round = 0; round < ROUNDS; round++) await oneRound(ways, rounds, count)
    report(rounds, ways)
  }
} finally {
  await remit.stop()
  await bare.stop()
  await nginx?.stop()
  upstream.close()
}
profiles.print()

async function oneRound(ways: readonly Way[], rounds: Rounds, count: number): Promise<void> {
  for (const way of ways)
    await measureMost(way, way.port === remit.gatewayPort ? count : BARE_REQUESTS, rounds)
  for (const perSecond of RATES)
    for (const way of ways.slice(0, -1))
      await measureAtRate(way, { perSecond, seconds: RATE_SECONDS }, rounds)
  const fsync = measureFsync(remit.data)
  rounds.add('fsync of this disk, p50', 'ms', fsync.p50)
  rounds.add('fsync of this disk, p99', 'ms', fsync.p99)
}

function report(rounds: Rounds, ways: readonly Way[]): void {
  decided.mustBeBooked(remit.data)
  rounds.add('resident memory of the server afterwards', 'MiB', remit.program.residentMiB())
  const proxy = 'undici on node:http, bare proxy'
  const share = nginx && ratio(rounds.get('gateway'), rounds.get('nginx, bare proxy'))
  const cpuShare = nginx && ratio(rounds.get('nginx, bare proxy, CPU'), rounds.get('gateway, CPU'))
  const fsync = median(rounds.get('fsync of this disk, p50').values)
  publish({
    benchmark: 'gateway',
    says: `GET through the gateway of \`remit serve\`: token and proof verified, all gates, proof, intent and outcome durable in SQLite, a transaction
token for the API. ${decided.count} calls, each with a decision of its own that the books have as answered. ${
      ways.some(({ name }) => name.startsWith('nginx'))
        ? ''
        : 'nginx: not run, it is not installed here. '
    }Closed loop with ${CONNECTIONS} connections for
throughput; open loop by schedule for latency. The API and the load share the other core.`,
    machine,
    settings: {
      'SQLite synchronous': 'FULL',
      connections: CONNECTIONS,
      'log level': 'info, to a file',
      'policy engine': 'cedar-wasm',
      policies: readBooks(remit.data).policies,
      'warm-up calls': WARM_UP,
    },
    series: rounds.all(),
    findings: [
      {
        name: 'share of nginx as a bare proxy, calls/s',
        value: share ?? Number.NaN,
        unit: '',
        aim: '≥ 0.15',
        ...(share === undefined ? {} : { met: share >= 0.15 }),
      },
      {
        name: 'share of nginx by processor time (what the calls/s would be if the load were never the limit)',
        value: cpuShare ?? Number.NaN,
        unit: '',
      },
      {
        name: 'share of undici on node:http as a bare proxy',
        value: ratio(rounds.get('gateway'), rounds.get(proxy)),
        unit: '',
      },
      ...RATES.flatMap((perSecond) =>
        (['p50', 'p99'] as const).map((name) => {
          const added =
            median(rounds.get(`gateway, ${name} at ${perSecond} calls/s`).values) -
            median(rounds.get(`${proxy}, ${name} at ${perSecond} calls/s`).values)
          const aimed = perSecond === 1_000 && name === 'p50'
          return {
            name: `added latency, ${name} at ${perSecond} calls/s`,
            value: added,
            unit: 'ms',
            ...(aimed
              ? {
                  aim: `≤ 0.5 ms + one fsync (${(0.5 + fsync).toFixed(2)} ms)`,
                  met: added <= 0.5 + fsync,
                }
              : {}),
          }
        }),
      ),
    ],
  })
}
