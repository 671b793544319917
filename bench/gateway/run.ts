// `node bench/gateway/run.ts`: what a call through the gateway costs, beside proxies that decide nothing.
// With `--profile`: where the time goes instead.
import { join } from 'node:path'
import { type OpenTask, resourceToken } from '../../src/cli/agent/client.ts'
import { readBooks } from '../harness/books.ts'
import type { Answer } from '../harness/connection.ts'
import { costOf } from '../harness/cost.ts'
import { measureFsync } from '../harness/fsync.ts'
import { type Check, closedLoop, type Load, openLoop, percentile } from '../harness/load.ts'
import { describeMachine, PROJECT, pinMyself } from '../harness/machine.ts'
import { profilesWanted } from '../harness/profile.ts'
import { freePorts, type Program, startProgram } from '../harness/program.ts'
import { ProofMaker, requestBytes } from '../harness/proofs.ts'
import { startRemit } from '../harness/remit.ts'
import { median, publish, Rounds, ratio } from '../harness/results.ts'
import { startNginx } from './nginx.ts'
import { startUpstream } from './upstream.ts'

const ROUNDS = 5
const SECONDS = 3
const CONNECTIONS = 32
const WARM_UP = 3_000
const BARE_REQUESTS = 20_000
/** Calls a second at which latency is measured, open loop, and for how long. */
const RATES = [200, 1_000]
const RATE_SECONDS = 2

/** Something that the load goes through. */
interface Way {
  readonly name: string
  readonly port: number
  readonly program: Program | undefined
  prepare(count: number): Promise<Buffer[]> | Buffer[]
}

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
const decided = new Set<string>()
try {
  const tasks = await remit.openTasks(CONNECTIONS)
  const makers = tasks.map((task) => new ProofMaker(task))
  const through: Way = {
    name: 'gateway',
    port: remit.gatewayPort,
    program: remit.program,
    prepare: (count) => calls(tasks, makers, count),
  }
  const ways: readonly Way[] = [
    through,
    bareWay('nginx, bare proxy', nginxPort, nginx),
    bareWay('undici on node:http, bare proxy', barePort, bare),
    bareWay('the upstream itself', upstream.port, undefined),
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
  for (const way of ways) {
    const requests = await way.prepare(way.port === remit.gatewayPort ? count : BARE_REQUESTS)
    const { cpuMicroseconds, load, perSecond } = await costOf(way.program, () =>
      most(way, requests),
    )
    rounds.add(way.name, 'calls/s', perSecond)
    if (way.program) rounds.add(`${way.name}, CPU`, 'µs/call', cpuMicroseconds)
    rounds.add(`load and upstream beside ${way.name}, share of their core`, '', load.generatorBusy)
  }
  for (const perSecond of RATES) {
    for (const way of ways.slice(0, -1)) {
      const requests = await way.prepare(perSecond * RATE_SECONDS)
      const load = await openLoop(way.port, requests, {
        connections: 4 * CONNECTIONS,
        perSecond,
        check: checkOf(way),
      })
      for (const [name, share] of [
        ['p50', 0.5],
        ['p99', 0.99],
      ] as const)
        rounds.add(
          `${way.name}, ${name} at ${perSecond} calls/s`,
          'ms',
          percentile(load.latencies, share),
        )
    }
  }
  const fsync = measureFsync(remit.data)
  rounds.add('fsync of this disk, p50', 'ms', fsync.p50)
  rounds.add('fsync of this disk, p99', 'ms', fsync.p99)
}

function report(rounds: Rounds, ways: readonly Way[]): void {
  const answered = readBooks(remit.data).decisions.get('answered') ?? 0
  if (answered !== decided.size)
    throw new Error(`${decided.size} calls were answered and ${answered} recorded so`)
  rounds.add('resident memory of the server afterwards', 'MiB', remit.program.residentMiB())
  const proxy = 'undici on node:http, bare proxy'
  const share = nginx && ratio(rounds.get('gateway'), rounds.get('nginx, bare proxy'))
  const cpuShare = nginx && ratio(rounds.get('nginx, bare proxy, CPU'), rounds.get('gateway, CPU'))
  const fsync = median(rounds.get('fsync of this disk, p50').values)
  publish({
    benchmark: 'gateway',
    says: `GET through the gateway of \`remit serve\`: token and proof verified, all gates, proof, intent and outcome durable in SQLite, a transaction
token for the API. ${decided.size} calls, each with a decision of its own that the books have as answered. ${
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
      policies: 7,
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

function bareWay(name: string, port: number, program: Program | undefined): Way {
  const url = `http://127.0.0.1:${port}/orders/orders/1042`
  const request = requestBytes({ method: 'GET', url, headers: {} })
  return { name, port, program, prepare: (count) => Array.from({ length: count }, () => request) }
}

/** Requests with a proof each, and a fresh token for every task. */
async function calls(
  tasks: readonly OpenTask[],
  makers: readonly ProofMaker[],
  count: number,
): Promise<Buffer[]> {
  const resource = `${remit.gateway}/orders`
  const url = `${resource}/orders/1042`
  const tokens = await Promise.all(
    tasks.map(async (task) => (await resourceToken(task, resource)).token),
  )
  return Array.from({ length: count }, (_, i) => {
    const accessToken = tokens[i % tokens.length] ?? ''
    const proof = makers[i % makers.length]?.make({ method: 'GET', url, accessToken }) ?? ''
    const headers = { authorization: `DPoP ${accessToken}`, dpop: proof }
    return requestBytes({ method: 'GET', url, headers })
  })
}

function most(way: Way, requests: readonly Buffer[]): Promise<Load> {
  return closedLoop(way.port, requests, { connections: CONNECTIONS, check: checkOf(way) })
}

function checkOf(way: Way): Check {
  return way.port === remit.gatewayPort ? isDecided : isAnswered
}

function isAnswered({ body, status }: Answer): void {
  if (status !== 200 || body.toString() !== upstream.body)
    throw new Error(`answered ${status}: ${body}`)
}

function isDecided(answer: Answer): void {
  isAnswered(answer)
  const decision = /\r\nremit-decision: (\S+)/i.exec(answer.head)?.[1]
  if (decision === undefined || decided.has(decision))
    throw new Error('a call without a decision of its own')
  decided.add(decision)
}
