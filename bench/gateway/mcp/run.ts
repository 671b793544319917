// `node bench/gateway/mcp/run.ts`: what an MCP call through the gateway costs, beside proxies that decide nothing and servers that
// are called directly. With `--profile`: where the time of a call goes instead; with `--only TEXT` besides, that of another way.
import { DecisionSet } from '../../harness/decided.ts'
import { measureFsync } from '../../harness/fsync.ts'
import { describeMachine, pinMyself } from '../../harness/machine.ts'
import { readOptions } from '../../harness/options.ts'
import { profilesWanted } from '../../harness/profile.ts'
import { Rounds } from '../../harness/results.ts'
import { measureAtRate, measureMost, most, warmUp } from '../../harness/way.ts'
import { CodeClient } from './code-grant.ts'
import { FEW } from './offer.ts'
import { report } from './report.ts'
import { startStage } from './stage.ts'
import type { McpWay } from './way.ts'
import { allWays } from './ways.ts'

/** Least requests in one run, whatever the time. */
const MIN = 20
const MAX = 20_000
/** Calls or lists that a profile is of. */
const PROFILED = 1_000

const options = readOptions({ seconds: 2, rounds: 5 }, ['profile', 'only'])
const profiles = profilesWanted(options)
const pinned = pinMyself()
const machine = describeMachine(pinned)
const stage = await startStage(pinned, profiles.nodeOptions)
const { remit } = stage
const client = await CodeClient.register(remit.issuer, `${remit.gateway}/${FEW.name}`)
try {
  const decided = new DecisionSet()
  const all = await allWays(stage, client, decided)
  const ways = all.filter(({ name }) => name.includes(options.only ?? ''))
  if (profiles.wanted) {
    for (const way of ways.slice(0, 1)) await once(way)
  } else {
    const counts = new Map<McpWay, number>()
    for (const way of ways) counts.set(way, await countOf(way))
    const rounds = new Rounds()
    for (let round = 0; round < options.rounds; round++) await oneRound(ways, counts, rounds)
    decided.mustBeBooked(remit.data)
    report({ rounds, machine, remit, calls: decided.count, options })
  }
} finally {
  await stage.stop()
  client.close()
}
await profiles.print(PROFILED)

/** Runs a way once, for a profile. */
async function once(way: McpWay): Promise<void> {
  await warmUp(way, way.warmUp)
  const requests = await way.prepare(PROFILED * (way.requestsEach ?? 1))
  profiles.begin(remit.program)
  await most(way, requests)
}

/** Warms a way up; answers how many make up one run. */
async function countOf(way: McpWay): Promise<number> {
  const perSecond = await warmUp(way, way.warmUp)
  return Math.min(MAX, Math.max(MIN, Math.round(perSecond * options.seconds)))
}

async function oneRound(
  ways: readonly McpWay[],
  counts: ReadonlyMap<McpWay, number>,
  rounds: Rounds,
): Promise<void> {
  for (const way of ways) await measureMost(way, counts.get(way) ?? 0, rounds)
  for (const way of ways)
    for (const perSecond of way.rates)
      await measureAtRate(way, { perSecond, seconds: options.seconds }, rounds)
  const fsync = measureFsync(remit.data)
  rounds.add('fsync of this disk, p50', 'ms', fsync.p50)
  rounds.add('fsync of this disk, p99', 'ms', fsync.p99)
}
