// `node bench/decide/run.ts`: one evaluation of policies, and all gates of a call, beside the official engine in its best case.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { type Cores, describeMachine, onCores, pinMyself, versionOf } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { publish } from '../harness/publish.ts'
import { type Finding, median, Rounds, ratio } from '../harness/results.ts'
import { SHAPES, type Shape, SIZES } from './scene.ts'

/** Measurements of one engine with one policy set. `p50` and `p99` in nanoseconds. */
interface EngineMeasurements {
  readonly p50: number
  readonly p99: number
  readonly perSecond: number
  readonly compileMs: number
  readonly memoryMiB: number
  readonly permits: number
}

const OURS = 'compiled'
const FROM_JSON = 'compiled-from-json'
const OFFICIAL = 'cedar-wasm'
const ENGINES = [OURS, FROM_JSON, OFFICIAL] as const
const GATES = ['all gates', 'all gates, people are asked'] as const
const NS = 'p50'
const MAX_TURN = 'longest turn, processor time'

const options = readOptions({ seconds: 0.5, rounds: 3 }, ['only'])
const pinned = pinMyself()
const machine = describeMachine(pinned)
const rounds = new Rounds()
for (let round = 0; round < options.rounds; round++) {
  for (const shape of SHAPES) for (const size of SIZES) compareEngines(shape, size)
  for (const engine of [OURS, OFFICIAL]) measureGates(engine)
  measureStalls()
}
report()

function compareEngines(shape: Shape, size: number): void {
  const permits = ENGINES.map((engine) => {
    const name = nameOf(shape, size, engine)
    if (options.only !== undefined && !name.includes(options.only)) return undefined
    const found = inProcess<EngineMeasurements>('engine.ts', engine, String(size), shape)
    rounds.addMeasure(name, NS, 'ns', found.p50)
    rounds.addMeasure(name, 'p99', 'ns', found.p99)
    rounds.addMeasure(name, 'throughput', '/s', found.perSecond)
    rounds.addMeasure(name, 'compiled or parsed in', 'ms', found.compileMs)
    rounds.addMeasure(name, 'memory', 'MiB', found.memoryMiB)
    return found.permits
  })
  const told = new Set(permits.filter((count) => count !== undefined))
  // Numbers of engines that answer differently mean nothing.
  if (told.size > 1 || told.has(0)) throw new Error(`permits at ${size}: ${permits.join(', ')}`)
}

function measureGates(engine: string): void {
  if (options.only !== undefined && !'gates'.includes(options.only)) return
  const found = inProcess<Record<(typeof GATES)[number], { p50: number; p99: number }>>(
    'gates.ts',
    engine,
  )
  for (const name of GATES) {
    rounds.addMeasure(`gates: ${name}, ${engine}`, NS, 'ns', found[name].p50)
    rounds.addMeasure(`gates: ${name}, ${engine}`, 'p99', 'ns', found[name].p99)
  }
}

/**
 * Measures stalls in a process that may use both cores: what is done aside is done in another
 * thread.
 */
function measureStalls(): void {
  if (options.only !== undefined && !'stalls'.includes(options.only)) return
  const stalls = inProcess<readonly Stall[]>('stalls.ts')
  for (const { ended, name, stallMs, tookMs, turnMs } of stalls) {
    rounds.addMeasure(`stalls: ${name} (${ended})`, 'longest stall', 'ms', stallMs)
    rounds.addMeasure(`stalls: ${name} (${ended})`, MAX_TURN, 'ms', turnMs)
    rounds.addMeasure(`stalls: ${name} (${ended})`, 'took', 'ms', tookMs)
  }
}

interface Stall {
  readonly name: string
  readonly ended: string
  readonly stallMs: number
  readonly turnMs: number
  readonly tookMs: number
}

function inProcess<T>(program: string, ...args: readonly string[]): T {
  const command = [process.execPath, '--expose-gc', join(import.meta.dirname, program)]
  const [file, all] = onCores(coresOf(program), [...command, ...args, String(options.seconds)])
  return JSON.parse(execFileSync(file, all, { encoding: 'utf8' }))
}

function coresOf(program: string): Cores {
  if (!pinned) return 'any'
  return program === 'stalls.ts' ? 'both' : 'measured'
}

function nameOf(shape: Shape, size: number, engine: string): string {
  return `${shape}: ${size} policies, ${engine}`
}

function at(shape: Shape, size: number, engine: string) {
  return rounds.getMeasure(nameOf(shape, size, engine), NS)
}

function faster(shape: Shape, size: number, engine: string, least?: number): Finding {
  const value = ratio(at(shape, size, OFFICIAL), at(shape, size, engine))
  const name = `${shape}, ${size} policies: times as fast as ${OFFICIAL}, ${engine}`
  return aimed({ name, value, unit: '' }, least === undefined ? undefined : { least })
}

function aimed(found: Finding, aim?: { least?: number; most?: number }): Finding {
  if (!aim || Number.isNaN(found.value)) return found
  const { least, most } = aim
  if (least !== undefined) return { ...found, aim: `≥ ${least}`, met: found.value >= least }
  return { ...found, aim: `≤ ${most}`, met: found.value <= (most ?? 0) }
}

/** The median of each is what it does; one run of many is what else the machine did. */
function worstStall(): Finding[] {
  const measured = rounds.all().filter(({ measure }) => measure === 'longest stall')
  const [nothing, ...others] = measured.map(({ values }) => median(values))
  if (nothing === undefined || others.length === 0) return []
  const worst = {
    name: 'longest stall of a server by hostile input, median',
    value: Math.max(...others),
    unit: 'ms',
  }
  return [
    aimed(worst, { most: 50 }),
    { name: 'the same while nothing happens', value: nothing, unit: 'ms' },
    {
      name: 'longest turn of its thread, processor time, median',
      value: longestTurn(),
      unit: 'ms',
    },
  ]
}

function longestTurn(): number {
  const turns = rounds.all().filter(({ measure }) => measure === MAX_TURN)
  return Math.max(...turns.map(({ values }) => median(values)))
}

function report(): void {
  const gates = (name: string, engine: string) =>
    median(rounds.getMeasure(`gates: ${name}, ${engine}`, NS).values) / 1000
  const flat = ratio(at('indexable', 10_000, OURS), at('indexable', 10, OURS))
  publish(
    {
      benchmark: 'decide',
      says: `One evaluation: a principal, an action, a resource, a context of eight members, eight entities. \`${OFFICIAL}\` has its policies parsed
before and gets entities and context as JSON, which is its only way in; \`${OURS}\` keeps both for a call, as the gates do, and
\`${FROM_JSON}\` reads both anew for each evaluation. *Indexable*: each policy names group or agent, action and resource in its scope.
*Nothing indexable*: the same policies with all of it in the condition, so that every one is evaluated. Each number is of a process of
its own on one core; what takes less than 20 µs is timed up to 64 at a time, so that p99 is that of such a lap. The engines permit the
same requests. All gates: \`decide\` for a person and an agent with the policies of the sample, on facts that are at hand; when people are
asked, person and agent are each evaluated twice. Stalls: the longest time that a server's thread did nothing else, while somebody published
or sent what was made to hurt, and how that ended; beside it the processor time of that thread's longest turn, in which a busy machine does not count.`,
      machine,
      settings: {
        'seconds of each': options.seconds,
        rounds: options.rounds,
        'different requests': 64,
        [`version of ${OFFICIAL}`]: versionOf('@cedar-policy/cedar-wasm'),
      },
      series: rounds.all(),
      findings: [
        faster('indexable', 10, OURS, 100),
        faster('indexable', 100, OURS),
        faster('indexable', 1_000, OURS, 1_000),
        faster('indexable', 10_000, OURS),
        aimed(
          { name: 'indexable: time at 10,000 policies, times that at 10', value: flat, unit: '' },
          { most: 2 },
        ),
        ...SIZES.map((size) => faster('indexable', size, FROM_JSON)),
        ...SIZES.map((size) => faster('nothing indexable', size, OURS)),
        ...worstStall(),
        ...GATES.flatMap((name) => [
          aimed(
            { name: `${name}, p50, ${OURS}`, value: gates(name, OURS), unit: 'µs' },
            { most: 10 },
          ),
          { name: `${name}, p50, ${OFFICIAL}`, value: gates(name, OFFICIAL), unit: 'µs' },
        ]),
      ],
    },
    options,
  )
}
