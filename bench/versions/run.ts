// `node bench/versions/run.ts --beside DIR`: what each job costs now and in another checkout, in turns in one run. The other checkout needs its
// dependencies (`npm ci`). `--only TEXT` measures the jobs with this in their names, and is a try.
import { startMcpServer } from '../gateway/mcp/server.ts'
import { startUpstream } from '../gateway/upstream.ts'
import { measureFsync } from '../harness/fsync.ts'
import { commitOf, describeMachine, PROJECT, pinMyself } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { publish } from '../harness/publish.ts'
import { Rounds } from '../harness/results.ts'
import { CONNECTIONS, highestRate, measureAtRate, measureMost, warmUp } from '../harness/way.ts'
import { AFTER, BEFORE, findings, HIGHEST } from './findings.ts'
import { measureDecisions, OWN_PROGRAMS, Starts } from './own-programs.ts'
import { type Job, type ServedVersion, serveVersion, type Version } from './version.ts'

/** Requests of each job before any that count: V8 needs them to optimize most of the way. */
const WARM_UP = 12_000
const STARTS = 7
/** A second, at which latency is measured. */
const RATE = 200
/** Maximum of p99 at the highest rate, in milliseconds. */
const BOUND = 20
/** Share of the usual requests that one caller alone sends: it is slower by far. */
const SHARE_ALONE = 0.25
/** Fewest requests in one run. */
const LEAST = 100

const options = readOptions({ seconds: 2, rounds: 5 }, ['only', 'beside'])
const { beside, only = '', seconds } = options
if (beside === undefined) throw new TypeError('--beside DIR: the checkout to compare with')
const versions: readonly Version[] = [
  { name: BEFORE, project: beside },
  { name: AFTER, project: PROJECT },
]

const isPinned = pinMyself()
const machine = describeMachine(isPinned)
const upstream = await startUpstream()
const mcpServer = await startMcpServer()
const rounds = new Rounds()
const served: ServedVersion[] = []
try {
  await measureOwnPrograms()
  for (const version of versions) {
    const cores = isPinned ? 'measured' : 'any'
    served.push(await serveVersion(version, { cores, upstream, mcpPort: mcpServer.port }))
  }
  await measureJobs()
  report()
} finally {
  for (const { stop } of served) await stop()
  upstream.close()
  mcpServer.close()
}

/** Measures what has programs of its own, before the servers start. */
async function measureOwnPrograms(): Promise<void> {
  const isWanted = (name: string) => name.includes(only)
  if (isWanted(OWN_PROGRAMS.start)) {
    const starts: Starts[] = []
    for (const version of versions) starts.push(await Starts.prepare(version))
    for (let i = 0; i < STARTS; i++)
      for (const each of inTurns(starts, i)) await each.measure(rounds)
    for (const each of starts) each.remove()
  }
  if (!(isWanted(OWN_PROGRAMS.gates) || isWanted(OWN_PROGRAMS.turn))) return
  for (let round = 0; round < options.rounds; round++)
    for (const version of inTurns(versions, round)) measureDecisions(version, isPinned, rounds)
}

async function measureJobs(): Promise<void> {
  const names = new Set(served.flatMap(({ jobs }) => jobs.map(jobName)))
  const counts = new Map<string, number>()
  const jobsOf = (name: string, round: number) =>
    inTurns(served, round).flatMap(({ jobs }) => jobs.filter((job) => jobName(job) === name))
  for (const name of names) {
    if (!name.includes(only)) continue
    // As many for both: the faster one ends sooner.
    for (const { way } of jobsOf(name, 0)) {
      const count = Math.round((await warmUp(way, WARM_UP)) * seconds)
      counts.set(name, Math.max(LEAST, Math.min(count, counts.get(name) ?? count)))
    }
  }
  for (let round = 0; round < options.rounds; round++)
    for (const [name, count] of counts)
      for (const job of jobsOf(name, round)) await measureJob(job, count)
  for (const [i, { remit }] of served.entries())
    rounds.add(
      `resident memory afterwards, ${versions[i]?.name}`,
      'MiB',
      remit.program.residentMiB(),
    )
}

async function measureJob({ connections, isPaced, way }: Job, count: number): Promise<void> {
  for (const each of connections) {
    const share = each === CONNECTIONS ? 1 : SHARE_ALONE
    await measureMost(way, Math.max(LEAST, Math.round(count * share)), rounds, each)
  }
  if (!isPaced) return
  await measureAtRate(way, { perSecond: RATE, seconds }, rounds)
  rounds.addMeasure(way.name, HIGHEST, '/s', await highestRate(way, BOUND, seconds))
}

function jobName({ way }: Job): string {
  return way.name.split(': ')[0] ?? ''
}

/** Turns the order with each round: the first has the colder machine. */
function inTurns<T>(all: readonly T[], round: number): readonly T[] {
  return round % 2 === 0 ? all : all.toReversed()
}

function report(): void {
  const [, after] = served
  if (after) rounds.add('fsync of this disk, p50', 'ms', measureFsync(after.remit.data).p50)
  publish(
    {
      benchmark: 'versions',
      says: `What each job costs now, and in an older version: commit ${commitOf(beside ?? '')}. Both serve at the same time, each with the sample world, the same
servers behind it, SQLite with every commit on disk, and as its first line starts it; the load asks one after the other, and the order changes with the
round. ${CONNECTIONS} connections, or one; processor time of one request, of all threads. *Highest rate*: of an open loop, with p99 within ${BOUND} ms and nothing
refused. Gates and turns are the versions' own \`bench/decide\`; starts are from source. Every answer is checked.`,
      machine,
      settings: {
        'SQLite synchronous': 'FULL',
        'seconds of load': seconds,
        rounds: options.rounds,
        'warm-up requests': WARM_UP,
      },
      series: rounds.all(),
      findings: findings(rounds),
    },
    options,
  )
}
