// `node bench/start/run.ts`: how soon `remit serve` is ready and how much memory it holds, beside an empty process and beside its
// libraries alone.

import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describeMachine, PROJECT } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { packedProgram } from '../harness/packed.ts'
import { type Program, startProgram } from '../harness/program.ts'
import { publish } from '../harness/publish.ts'
import { emptyHome, serveBy, serveCommand } from '../harness/remit.ts'
import { median, type Results, Rounds } from '../harness/results.ts'

/** Memory is read once what a start leaves behind has been collected. */
const SETTLE_SECONDS = 2
const PACKED = '`remit serve` of the package'
const SERVE = '`remit serve`'
const CACHED = '`remit serve`, compile cache named in the environment as `npm run remit` does'
const FIRST = '`remit serve`, on an empty folder: keys and migrations'

interface ServerProgram {
  readonly name: string
  readonly command: readonly string[]
  readonly ready: string
  readonly env?: Readonly<Record<string, string>>
  /** Starts on a folder of its own, where nothing is yet. */
  readonly isFirst?: boolean
}

const options = readOptions({ seconds: SETTLE_SECONDS, rounds: 7 }, [])
const machine = describeMachine(false) // a start uses what there is, here as anywhere
const home = await emptyHome()
const rounds = new Rounds()
const own = (name: string) => [process.execPath, join(PROJECT, 'bench', 'start', name)]
const STARTED: readonly ServerProgram[] = [
  {
    name: PACKED,
    command: serveBy(await packedProgram()),
    ready: 'Remit serves',
    env: home.env,
  },
  { name: SERVE, command: serveCommand(), ready: 'Remit serves', env: home.env },
  {
    // What tools/run.mjs adds: threads, too, read what was compiled before, and nobody loads the TypeScript parser.
    name: CACHED,
    command: serveCommand(),
    ready: 'Remit serves',
    env: { ...home.env, NODE_COMPILE_CACHE: join(PROJECT, 'node_modules', '.cache', 'remit') },
  },
  { name: FIRST, command: serveCommand(), ready: 'Remit serves', isFirst: true },
  { name: 'its libraries alone', command: own('dependencies.ts'), ready: 'ready' },
  { name: 'an empty process', command: own('empty.ts'), ready: 'ready' },
]
try {
  // The first start of each fills the file cache, and makes the server's keys.
  for (let round = -1; round < options.rounds; round++) {
    for (const each of STARTED) await once(each, round >= 0)
  }
  report()
} finally {
  home.remove()
}

async function once(started: ServerProgram, counts: boolean): Promise<void> {
  const { command, isFirst, name, ready } = started
  const own = isFirst ? await emptyHome({ migrated: false }) : undefined
  const env: Readonly<Record<string, string>> = own?.env ?? started.env ?? {}
  const began = performance.now()
  const program = await startProgram(command, { cores: 'any', ready, env })
  const took = performance.now() - began
  try {
    if (env.REMIT_ISSUER) await mustBeReady(env.REMIT_ISSUER)
    await setTimeout(1_000 * options.seconds)
    if (counts) count(name, took, program)
  } finally {
    await program.stop()
    own?.remove()
  }
}

function count(name: string, took: number, program: Program): void {
  rounds.add(`${name}, ready after`, 'ms', took)
  rounds.add(
    `${name}, processor time until then and ${options.seconds} s more`,
    's',
    program.cpuSeconds(),
  )
  rounds.add(`${name}, resident`, 'MiB', program.residentMiB())
}

/** Checks that it answers that it is ready: that it says so is not enough. */
async function mustBeReady(issuer: string): Promise<void> {
  const answer = await fetch(`${issuer}/readyz`)
  if (answer.status !== 200) throw new Error(`/readyz answers ${answer.status}`)
  await answer.body?.cancel()
}

function report(): void {
  const took = median(rounds.get(`${SERVE}, ready after`).values)
  const worst = Math.max(...rounds.get(`${PACKED}, ready after`).values)
  const resident = (name: string) => median(rounds.get(`${name}, resident`).values)
  const results: Results = {
    benchmark: 'start',
    says: `\`remit serve\` of the package and from source, embedded, on a data directory that exists: from starting the process until both listeners are open and
\`/readyz\` says 200; and once more where nothing is there yet. Each beside what it cannot be faster than.`,
    machine,
    settings: {
      'SQLite synchronous': 'FULL',
      'compile cache': 'filled by an earlier start',
      'runs before counting': 1,
    },
    series: rounds.all(),
    findings: [
      {
        name: `of the package: ready, the worst of ${options.rounds}`,
        ...{ value: worst / 1000, unit: 's', aim: '≤ 1 s', met: worst <= 1000 },
      },
      {
        name: 'of the package: resident',
        ...{ value: resident(PACKED), unit: 'MiB', aim: '≤ 143 MiB (150 MB)' },
        met: resident(PACKED) <= 143,
      },
      { name: 'ready', value: took / 1000, unit: 's', aim: '≤ 1 s', met: took <= 1000 },
      ...[SERVE, CACHED].map((name) => ({
        name: `resident, from source, ${name}`,
        value: resident(name),
        unit: 'MiB',
        aim: '≤ 191 MiB (200 MB)',
        met: resident(name) <= 191,
      })),
      {
        name: 'of that time, libraries alone',
        value: median(rounds.get('its libraries alone, ready after').values) / took,
        unit: '',
      },
    ],
  }
  publish(results, options)
}
