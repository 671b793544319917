// `node bench/gateway/mcp/run.ts`: what an MCP call through the gateway costs, beside proxies that decide nothing and servers that
// are called directly. With `--profile`: where the time of a call goes instead; with `--profile lists`, that of a list.
import { join } from 'node:path'
import { Decided } from '../../harness/decided.ts'
import { measureFsync } from '../../harness/fsync.ts'
import { describeMachine, PROJECT, pinMyself } from '../../harness/machine.ts'
import { profilesWanted } from '../../harness/profile.ts'
import { freePorts, startProgram } from '../../harness/program.ts'
import { startRemit } from '../../harness/remit.ts'
import { Rounds } from '../../harness/results.ts'
import { CONNECTIONS, measureAlone, measureAtRate, measureMost, most } from '../../harness/way.ts'
import { gatewayGet } from '../get-way.ts'
import { startNginx } from '../nginx.ts'
import { startUpstream } from '../upstream.ts'
import { bearerCaller, type Caller, keyedCaller } from './callers.ts'
import { CodeClient } from './code-grant.ts'
import { type Conversation, converse } from './messages.ts'
import { SERVER, wantedAt } from './offer.ts'
import { report } from './report.ts'
import { startMcpServer } from './server.ts'
import { type Bare, callWays, GET, listWays, type McpWay } from './ways.ts'

const ROUNDS = 5
/** Of one way in one round: so long, but no more than so many. */
const SECONDS = 3
const MOST_REQUESTS = 20_000
const RATE_SECONDS = 2

const profiles = profilesWanted()
const pinned = pinMyself()
const cores = pinned ? 'measured' : 'any'
const machine = describeMachine(pinned)
const api = await startUpstream()
const server = await startMcpServer()
const remit = await startRemit({
  cores,
  upstream: `http://127.0.0.1:${api.port}`,
  nodeOptions: profiles.nodeOptions,
  seed: [fileOf('mcp/seed.ts'), `http://127.0.0.1:${server.port}/mcp`],
})
const bare = await startBare()
const resource = `${remit.gateway}/${SERVER.name}`
const client = await CodeClient.register(remit.issuer, resource)
try {
  const decided = new Decided()
  const { calls, lists } = await allWays(decided)
  const all = [...calls, ...lists]
  const profiled = process.argv.includes('lists') ? lists : calls
  const counts = new Map<McpWay, number>()
  for (const way of profiles.wanted ? profiled.slice(0, 1) : all) counts.set(way, await warmUp(way))
  if (!profiles.wanted) {
    const rounds = new Rounds()
    for (let round = 0; round < ROUNDS; round++) await oneRound(all, counts, rounds)
    decided.mustBeBooked(remit.data)
    report({ rounds, machine, remit, calls: decided.count })
  }
} finally {
  await remit.stop()
  const { proxies, servers } = bare
  for (const each of [...Object.values(proxies), ...Object.values(servers)])
    await each?.program.stop()
  client.close()
  server.close()
  api.close()
}
profiles.print()

/** Answers how many requests make up one run. */
async function warmUp(way: McpWay): Promise<number> {
  const { requests, seconds } = await most(way, await way.prepare(way.warmUp))
  return Math.min(MOST_REQUESTS, Math.max(100, Math.round((requests / seconds) * SECONDS)))
}

async function oneRound(
  ways: readonly McpWay[],
  counts: ReadonlyMap<McpWay, number>,
  rounds: Rounds,
): Promise<void> {
  for (const way of ways) await measureMost(way, counts.get(way) ?? 0, rounds)
  for (const way of ways) {
    for (const perSecond of way.rates)
      await measureAtRate(way, { perSecond, seconds: RATE_SECONDS }, rounds)
    if (way.alone > 0) await measureAlone(way, way.alone, rounds)
  }
  const fsync = measureFsync(remit.data)
  rounds.add('fsync of this disk, p50', 'ms', fsync.p50)
  rounds.add('fsync of this disk, p99', 'ms', fsync.p99)
}

async function allWays(decided: Decided): Promise<{ calls: McpWay[]; lists: McpWay[] }> {
  const gateway = { port: remit.gatewayPort, program: remit.program }
  const tasks = await remit.openTasks(CONNECTIONS, wantedAt)
  const keyed = await conversations(tasks.map((task) => keyedCaller(task, resource)))
  const bearers: Caller[] = []
  for (let i = 0; i < CONNECTIONS; i++) bearers.push(bearerCaller(client, await client.openTask()))
  const through = { gateway, decided, keyed, bearer: await conversations(bearers) }
  const orders = await remit.openTasks(CONNECTIONS)
  const get = gatewayGet({ name: GET, remit, upstream: api, decided }, orders)
  return {
    calls: [...(await callWays(through, bare)), { ...get, warmUp: 2_000, rates: [200], alone: 0 }],
    lists: await listWays(through, bare),
  }
}

function conversations(callers: readonly Caller[]): Promise<Conversation[]> {
  return Promise.all(callers.map((caller) => converse(caller, resource)))
}

async function startBare(): Promise<Bare> {
  const [nginxPort = 0, undiciPort = 0, leastPort = 0, sdkPort = 0] = await freePorts(4)
  const node = async (port: number, file: string, ...args: string[]) => ({
    port,
    program: await startProgram([process.execPath, fileOf(file), String(port), ...args], {
      cores,
      ready: 'ready',
    }),
  })
  const nginx = await startNginx(nginxPort, server.port, cores)
  return {
    proxies: {
      nginx: nginx && { port: nginxPort, program: nginx },
      undici: await node(undiciPort, 'bare-proxy.ts', `http://127.0.0.1:${server.port}`),
    },
    servers: {
      least: await node(leastPort, 'mcp/server.ts'),
      sdk: await node(sdkPort, 'mcp/sdk-server.ts'),
    },
  }
}

function fileOf(name: string): string {
  return join(PROJECT, 'bench', 'gateway', name)
}
