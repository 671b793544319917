// `node bench/authzen/run.ts`: AuthZEN evaluations over HTTP, single and in batches, beside an empty Fastify route.
// With `--profile`: where the time of single ones goes instead.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../test/ports.ts'
import { readBooks } from '../harness/books.ts'
import { costOf } from '../harness/cost.ts'
import { measureFsync } from '../harness/fsync.ts'
import { type Check, closedLoop, percentile } from '../harness/load.ts'
import { describeMachine, PROJECT, pinMyself, versionOf } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { profilesWanted } from '../harness/profile.ts'
import { type Program, startProgram } from '../harness/program.ts'
import { publish } from '../harness/publish.ts'
import { startRemit } from '../harness/remit.ts'
import { type Finding, median, type Results, Rounds, ratio } from '../harness/results.ts'
import {
  batch,
  callsOf,
  mustBeSingle,
  mustDecideAll,
  mustPermit,
  request,
  singles,
} from './requests.ts'

const CONNECTIONS = 32
const BATCH_CONNECTIONS = 4
const BATCH = 1_000
const WARM_UP = 8_000

const SINGLE = 'single evaluation, policy-only'
const TASK = 'single evaluation, call of a task'
const MANY = `evaluations in batches of ${BATCH}`
const SINGLE_ALONE = `${SINGLE}, one caller`
const TASK_ALONE = `${TASK}, one caller`
const EMPTY = 'empty Fastify route'
const EMPTY_ALONE = `${EMPTY}, one caller`
const CPU = ', CPU'

const options = readOptions({ seconds: 3, rounds: 5 }, ['profile'])
const profiles = profilesWanted(options)
const pinned = pinMyself()
const cores = pinned ? 'measured' : 'any'
const machine = describeMachine(pinned)
const home = mkdtempSync(join(tmpdir(), 'remit-bench-authzen-'))
const secretsFile = join(home, 'secrets.json')
const remit = await startRemit({
  cores,
  upstream: 'http://127.0.0.1:9', // never called
  nodeOptions: profiles.nodeOptions,
  seeds: [[join(import.meta.dirname, 'seed.ts'), secretsFile]],
})
const secrets: { records: string; mesh: string } = JSON.parse(readFileSync(secretsFile, 'utf8'))
const [emptyPort = 0] = await freePorts(1)
const empty = await startProgram(
  [process.execPath, join(PROJECT, 'bench', 'harness', 'empty-fastify.ts'), String(emptyPort)],
  { cores, ready: 'ready' },
)
const { issuerPort } = remit
const [task = noTask()] = await remit.openTasks(1)
const rounds = new Rounds()
let asked = 0
try {
  const warm = await run(questions(WARM_UP), mustBeSingle)
  await run(tasks(WARM_UP / 2), mustPermit)
  await run(batches(100), mustBeBatch, BATCH_CONNECTIONS)
  if (profiles.wanted) {
    const requests = questions(WARM_UP)
    profiles.begin(remit.program)
    await run(requests, mustBeSingle)
  } else {
    const count = Math.round((warm.requests / warm.seconds) * options.seconds)
    for (let round = 0; round < options.rounds; round++) await oneRound(count)
    report(count)
  }
} finally {
  await remit.stop()
  await empty.stop()
  rmSync(home, { recursive: true })
}
await profiles.print(WARM_UP)

async function oneRound(count: number): Promise<void> {
  const requests = questions(count)
  const { load } = await measure(SINGLE, remit.program, () => run(requests, mustBeSingle))
  rounds.add('single evaluation, p50 in the closed loop', 'ms', percentile(load.latencies, 0.5))
  rounds.add('single evaluation, p99 in the closed loop', 'ms', percentile(load.latencies, 0.99))
  rounds.add('load generator, share of its core', '', load.generatorBusy)
  const of = tasks(Math.round(count / 3))
  await measure(TASK, remit.program, () => run(of, mustPermit))
  const alone = Math.max(200, Math.round(count / 10))
  const few = questions(alone)
  await measure(SINGLE_ALONE, remit.program, () => run(few, mustBeSingle, 1))
  const fewOf = tasks(alone)
  await measure(TASK_ALONE, remit.program, () => run(fewOf, mustPermit, 1))
  const many = batches(Math.max(50, Math.round(options.seconds * 100)))
  await measure(MANY, remit.program, () => run(many, mustBeBatch, BATCH_CONNECTIONS), BATCH)
  const same = questions(count)
  const withoutCheck = { connections: CONNECTIONS, check: () => {} }
  await measure(EMPTY, empty, () => closedLoop(emptyPort, same, withoutCheck))
  const lonely = { connections: 1, check: () => {} }
  await measure(EMPTY_ALONE, empty, () => closedLoop(emptyPort, few, lonely))
}

async function measure(
  name: string,
  program: Program,
  work: Parameters<typeof costOf>[1],
  each = 1,
): ReturnType<typeof costOf> {
  const cost = await costOf(program, work)
  rounds.add(name, '/s', cost.perSecond * each)
  rounds.add(name + CPU, 'µs', cost.cpuMicroseconds / each)
  return cost
}

function run(requests: readonly Buffer[], check: Check, connections = CONNECTIONS) {
  asked += requests.length
  return closedLoop(issuerPort, requests, { connections, check })
}

function questions(count: number): readonly Buffer[] {
  return singles(issuerPort, secrets.records, count)
}

function tasks(count: number): readonly Buffer[] {
  return callsOf(task, { count, port: issuerPort, secret: secrets.mesh })
}

function batches(count: number): readonly Buffer[] {
  const bytes = request(issuerPort, '/access/v1/evaluations', secrets.records, batch(BATCH).body)
  return Array.from({ length: count }, () => bytes)
}

function noTask(): never {
  throw new Error('there is no task')
}

function mustBeBatch(...[answer]: Parameters<Check>): void {
  mustDecideAll(answer, batch(BATCH).decisions)
}

function report(count: number): void {
  rounds.add('resident memory of the server afterwards', 'MiB', remit.program.residentMiB())
  rounds.add('fsync of this disk, p50', 'ms', measureFsync(remit.data).p50)
  const { evaluations, records } = readBooks(remit.data)
  if (evaluations.size !== asked)
    throw new Error(`${asked} requests, and ${evaluations.size} of them in the books`)
  const cost = (name: string) => median(rounds.get(name + CPU).values)
  const perSecond = median(rounds.get(MANY).values)
  const results: Results = {
    benchmark: 'authzen',
    says: `AuthZEN evaluations over HTTP at \`remit serve\`: the enforcement point known by a secret, every answer durable in SQLite before it is given. Four
questions of the certification scenario in turns, by its policy-only set; calls of one task by all gates; batches of ${BATCH} questions, each about
another person and another record, one durable record for each batch. ${CONNECTIONS} connections that share records and commits, and one that has each to itself (batches: ${BATCH_CONNECTIONS}), closed loop; every decision is checked, and all of ${asked} are in the books, in
${records.get('evaluation.answered')} records.`,
    machine,
    settings: {
      'SQLite synchronous': 'FULL',
      connections: CONNECTIONS,
      'single evaluations in a run': count,
      'log level': 'info, to a file',
      Fastify: versionOf('fastify'),
    },
    series: rounds.all(),
    findings: [
      {
        name: 'single, times an empty Fastify route, by processor time',
        ...aimed(ratio(rounds.get(SINGLE + CPU), rounds.get(EMPTY + CPU)), '', 2),
      },
      { name: 'processor time of a single one', ...aimed(cost(SINGLE), 'µs', 60) },
      {
        name: 'processor time of a single one, one caller',
        ...aimed(cost(SINGLE_ALONE), 'µs', 200),
      },
      { name: 'processor time of a call of a task', ...aimed(cost(TASK), 'µs', 150) },
      {
        name: 'processor time of a call of a task, one caller',
        ...aimed(cost(TASK_ALONE), 'µs', 350),
      },
      {
        name: 'evaluations in batches, by processor time',
        value: 1e6 / cost(MANY),
        unit: '/s',
        aim: '≥ 150,000/s',
        met: 1e6 / cost(MANY) >= 150_000,
      },
      { name: 'the same by rate', value: perSecond, unit: '/s' },
    ],
  }
  publish(results, options)
}

function aimed(value: number, unit: string, most: number): Omit<Finding, 'name'> {
  return { value, unit, aim: `≤ ${most} ${unit}`.trim(), met: value <= most }
}
