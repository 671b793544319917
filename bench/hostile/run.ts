// Measures what strangers can do to a server in two minutes: memory, disk, and how long a legitimate call takes meanwhile.
//   node bench/hostile/run.ts [--seconds S] [--heap MIB]
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startUpstream } from '../gateway/upstream.ts'
import { describeMachine, PROJECT } from '../harness/machine.ts'
import { ownEnvironment } from '../harness/program.ts'
import { publish } from '../harness/publish.ts'
import { type Remit, startRemit } from '../harness/remit.ts'
import type { Finding } from '../harness/results.ts'
import { type CallResults, callFor, percentile } from './caller.ts'

/**
 * Bounds, stated before anything was measured. A bound of time says nothing on a machine that does
 * other things.
 */
const BOUNDS = {
  /** MiB over what the server takes when only the legitimate agent calls. */
  memory: 300,
  /** Bytes in the data directory for each second, beside what the legitimate calls write. */
  diskPerSecond: 16_384,
  /** Bytes for each legitimate call, with the database's own slack (design: 6 kB). */
  diskPerCall: 16_384,
  p50: 100,
  p99: 1_000,
} as const
/** Pages, log of the database, and what is written once. */
const DISK_SLACK = 8 * 1_048_576
const WARM_UP_SECONDS = 2
const USUAL_SECONDS = 120
const SAMPLE_MS = 250

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    heap: { type: 'string' },
    untimed: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds ?? USUAL_SECONDS)
if (!(seconds > 0 && seconds <= 600)) throw new TypeError('--seconds is a number from 0 to 600')

const machine = describeMachine(false)
const upstream = await startUpstream()
const remit = await startRemit({
  cores: 'any',
  nodeOptions: values.heap === undefined ? [] : [`--max-old-space-size=${Number(values.heap)}`],
  upstream: `http://127.0.0.1:${upstream.port}`,
  // This address is the proxy's, so that those of the strangers count like any others.
  env: { REMIT_TRUSTED_PROXIES: '127.0.0.1' },
})
let broken = false
try {
  broken = await measure(remit)
} finally {
  await remit.stop()
  upstream.close()
}
if (broken) process.exitCode = 1

async function measure(remit: Remit): Promise<boolean> {
  const [task] = await remit.openTasks(1)
  if (!task) throw new Error('no task was opened')
  await callFor(WARM_UP_SECONDS, remit, task)
  const alone = await callFor(Math.min(10, seconds), remit, task)
  const before = { memory: remit.program.residentMiB(), disk: bytesOf(remit.data) }
  let most = before.memory
  const sampling = setInterval(() => {
    most = Math.max(most, remit.program.residentMiB())
  }, SAMPLE_MS)
  const busy = remit.program.cpuSeconds()
  const strangers = startStrangers(remit)
  const called = await callFor(seconds, remit, task)
  clearInterval(sampling)
  const processor = (remit.program.cpuSeconds() - busy) / seconds
  const sent = await strangers
  const after = { memory: remit.program.residentMiB(), disk: bytesOf(remit.data) }
  const findings = judge({ alone, called, most, before, after })
  publish(
    {
      benchmark: 'hostile',
      says: `Strangers at ${Object.values(sent).reduce((a, b) => a + b, 0)} connections from eight addresses for ${seconds} s at full speed, and one legitimate agent
that calls through the gateway every 50 ms. What they sent, by connections: ${Object.entries(sent)
        .map(([kind, count]) => `${kind} ${count}`)
        .join(
          '; ',
        )}. Failed legitimate calls: ${JSON.stringify(called.failures)}. Disk is the data directory without the log.`,
      machine,
      settings: {
        seconds,
        'calls of the agent': called.latencies.length,
        'log level': 'info, to a file',
      },
      series: [
        { name: 'resident memory before', unit: 'MiB', values: [before.memory] },
        { name: 'resident memory at most', unit: 'MiB', values: [most] },
        { name: 'resident memory afterwards', unit: 'MiB', values: [after.memory] },
        { name: 'log', unit: 'MiB', values: [sizeOf(join(remit.data, 'server.log')) / 2 ** 20] },
        { name: 'processor time of the server, each second', unit: 's', values: [processor] },
        { name: 'call alone, p50', unit: 'ms', values: [percentile(alone.latencies, 0.5)] },
        { name: 'call alone, p99', unit: 'ms', values: [percentile(alone.latencies, 0.99)] },
      ],
      findings,
    },
    { isTry: values.seconds !== undefined || values.heap !== undefined },
  )
  const counted = findings.filter(({ unit }) => !values.untimed || unit !== 'ms')
  return counted.some(({ met }) => met === false)
}

interface RunMeasurements {
  readonly alone: CallResults
  readonly called: CallResults
  readonly most: number
  readonly before: { readonly memory: number; readonly disk: number }
  readonly after: { readonly disk: number }
}

function judge({ called, most, before, after }: RunMeasurements): Finding[] {
  const calls = called.latencies.length
  const failed = Object.values(called.failures).reduce((sum, count) => sum + count, 0)
  const bounded = (name: string, value: number, unit: string, bound: number): Finding => ({
    ...{ name, unit },
    value: Math.round(value * 100) / 100,
    aim: `at most ${bound}`,
    met: value <= bound,
  })
  const disk = DISK_SLACK + calls * BOUNDS.diskPerCall + seconds * BOUNDS.diskPerSecond
  const kib = (bytes: number) => Math.round(bytes / 1024)
  return [
    bounded('memory over before, at most', most - before.memory, 'MiB', BOUNDS.memory),
    bounded('disk growth', kib(after.disk - before.disk), 'KiB', kib(disk)),
    bounded('legitimate calls that failed', values.untimed ? 0 : failed, 'calls', 0),
    bounded('legitimate call, p50', percentile(called.latencies, 0.5), 'ms', BOUNDS.p50),
    bounded('legitimate call, p99', percentile(called.latencies, 0.99), 'ms', BOUNDS.p99),
  ]
}

/** Answers how many connections each kind of attack had. */
function startStrangers({ gatewayPort, issuerPort }: Remit): Promise<Record<string, number>> {
  const program = join(PROJECT, 'bench', 'hostile', 'strangers.ts')
  const args = [program, issuerPort, gatewayPort, seconds].map(String)
  const child = spawn(process.execPath, args, {
    env: ownEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  let text = ''
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => {
      try {
        resolve(JSON.parse(text))
      } catch (cause) {
        reject(new Error('the strangers ended too early', { cause }))
      }
    })
  })
}

/** Sums the files of the data directory, without the log of requests. */
function bytesOf(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.endsWith('.log'))
    .reduce((sum, name) => sum + sizeOf(join(directory, name)), 0)
}

function sizeOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() ? found.size : 0
}
