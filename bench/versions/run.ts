// `node bench/versions/run.ts --beside DIR`: what each job costs now and in other checkouts, in turns in one run. Another checkout needs its
// dependencies (`npm ci`); `--beside` may be given several times. `--only TEXT` measures the jobs with this in their names, and is a try.
import { tmpdir } from 'node:os'
import { bareGet } from '../gateway/get-way.ts'
import { startMcpServer } from '../gateway/mcp/server.ts'
import { startUpstream } from '../gateway/upstream.ts'
import { measureFsync } from '../harness/fsync.ts'
import { commitOf, describeMachine, PROJECT, pinMyself } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { packedProgram, packedProgramOf } from '../harness/packed.ts'
import { publish } from '../harness/publish.ts'
import { Rounds } from '../harness/results.ts'
import { CONNECTIONS, measureAtRate, measureMost, type Way, warmUp } from '../harness/way.ts'
import { findings, NOW } from './findings.ts'
import { measureDecisions, OWN_PROGRAMS, Starts } from './own-programs.ts'
import {
  DIRECT,
  type Job,
  RATE,
  type ServedVersion,
  serveVersion,
  type Version,
} from './version.ts'

/** Requests of each job before any that count: V8 needs them to optimize most of the way. */
const WARM_UP = 12_000
const STARTS = 7
/** Seconds of an open loop, in which p99.9 is said of enough calls. */
const PACED_SECONDS = 8
/** Share of the usual requests that one caller alone sends: it is slower by far. */
const SHARE_ALONE = 0.25
/** Fewest requests in one run. */
const LEAST = 100

const options = readOptions({ seconds: 2, rounds: 5 }, ['only', 'beside'])
const { beside, only = '', seconds } = options
if (beside.length === 0) throw new TypeError('--beside DIR: a checkout to compare with')
const others: readonly Version[] = beside.map((project) => ({
  name: commitOf(project).slice(0, 8),
  project,
  main: packedProgramOf(project),
}))
const versions = [...others, { name: NOW, project: PROJECT, main: await packedProgram() }]

const isPinned = pinMyself()
const machine = describeMachine(isPinned)
const upstream = await startUpstream()
const mcpServer = await startMcpServer()
const direct = bareGet(DIRECT, upstream.port, undefined, upstream)
const rounds = new Rounds()
try {
  await measureOwnPrograms()
  for (let round = 0; round < options.rounds; round++) await measureServed(round)
  report()
} finally {
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

/** Starts each version anew: how V8 compiled and laid out one process is a matter of luck, and stays for its life. */
async function measureServed(round: number): Promise<void> {
  const served: ServedVersion[] = []
  try {
    for (const version of inTurns(versions, round)) {
      const cores = isPinned ? 'measured' : 'any'
      served.push(await serveVersion(version, { cores, upstream, mcpPort: mcpServer.port }))
    }
    await measureJobs(served)
    for (const { name, remit } of served)
      rounds.addMeasure(`server: ${name}`, 'resident memory', 'MiB', remit.program.residentMiB())
  } finally {
    for (const { stop } of served) await stop()
  }
}

async function measureJobs(served: readonly ServedVersion[]): Promise<void> {
  const names = new Set(served.flatMap(({ jobs }) => jobs.map(jobName)))
  const counts = new Map<string, number>()
  const jobsOf = (name: string) =>
    served.flatMap(({ jobs }) => jobs.filter((job) => jobName(job) === name))
  for (const name of names) {
    if (!name.includes(only)) continue
    // As many for all: the faster one ends sooner.
    for (const { way } of jobsOf(name)) {
      const count = Math.round((await warmUp(way, WARM_UP)) * seconds)
      counts.set(name, Math.max(LEAST, Math.min(count, counts.get(name) ?? count)))
    }
  }
  for (const [name, count] of counts) for (const job of jobsOf(name)) await measureJob(job, count)
  const paced = served.flatMap(({ jobs }) => jobs.filter(({ isPaced }) => isPaced))
  for (const { way } of paced) if (counts.has(jobName({ way }))) await measurePaced(way)
  if (paced.length > 0) await measurePaced(direct)
}

async function measureJob({ connections, way }: Job, count: number): Promise<void> {
  for (const each of connections) {
    const share = each === CONNECTIONS ? 1 : SHARE_ALONE
    await measureMost(way, Math.max(LEAST, Math.round(count * share)), rounds, each)
  }
}

function measurePaced(way: Way): Promise<void> {
  return measureAtRate(way, { perSecond: RATE, seconds: PACED_SECONDS }, rounds)
}

function jobName({ way }: Pick<Job, 'way'>): string {
  return way.name.split(': ')[0] ?? ''
}

/** Turns the order with each round: the first has the colder machine. */
function inTurns<T>(all: readonly T[], round: number): readonly T[] {
  return round % 2 === 0 ? all : all.toReversed()
}

function report(): void {
  const unpacked = others.filter(({ main }) => main === undefined).map(({ name }) => name)
  const fromSources =
    unpacked.length > 0 ? `${unpacked.join(' and ')} had no package and serves its sources. ` : ''
  rounds.add('fsync of this disk, p50', 'ms', measureFsync(tmpdir()).p50)
  publish(
    {
      benchmark: 'versions',
      says: `What each job costs now, and at ${others.map(({ name }) => name).join(' and ')}. In each round every version is started anew, and all serve at the same
time: each with the sample world, the same servers behind it, SQLite with every commit on disk, as its first line starts it. ${fromSources}The load
asks one after the other, and the order changes with the round. ${CONNECTIONS} connections, or one; processor time of one request, of all threads. *Added*: by an open
loop, what a call takes longer than a call of the API without a gateway. Gates and turns are the versions' own \`bench/decide\`. Every answer is checked.`,
      machine,
      settings: {
        'SQLite synchronous': 'FULL',
        'seconds of load': seconds,
        rounds: options.rounds,
        'warm-up requests': WARM_UP,
      },
      series: rounds.all(),
      findings: findings(
        rounds,
        others.map(({ name }) => name),
      ),
    },
    options,
  )
}
