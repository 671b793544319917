// `node bench/gate/run.ts`: what one call of each kind takes, counted and not timed, against `limits.json`; part of `npm run check`. Counts
// once more where something is above.
// With `--times N`: how far the counts of N servers are apart. With `--lower` as well: lowers the limits of what takes less by now, to
// the most that any of them took.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ownEnvironment } from '../harness/program.ts'
import { median } from '../harness/results.ts'
import { type CountsByAct, exceeded, lower } from './limits.ts'
import { countsOf, MEASURES } from './measures.ts'

/**
 * Options of Node: nothing is optimized, since when it is depends on time, and optimized code allocates less; young objects have room
 * for all of a run, so that what was allocated is what the heap grew by.
 */
const OPTIONS = [
  '--no-opt',
  '--no-maglev',
  '--always-sparkplug',
  '--expose-gc',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--no-warnings',
]

const { values } = parseArgs({
  options: {
    lower: { type: 'boolean', default: false },
    times: { type: 'string' },
    'within-check': { type: 'boolean', default: false },
  },
})
/** Programs that wait for each core, above which a check takes minutes; only a check in CI takes them. */
const TOO_BUSY = 4
const waiting = (loadavg()[0] ?? 0) / availableParallelism()
const isAsked = values.lower || values.times !== undefined || process.env.CI !== undefined
if (!isAsked && values['within-check'] && waiting > TOO_BUSY)
  console.log(
    `not counted: ${waiting.toFixed(0)} programs wait for each core (node bench/gate/run.ts)`,
  )
else if (!existsSync('/proc/self/io')) console.log('not counted: this system has no /proc/self/io')
else if (values.times) {
  const all = Array.from({ length: Number(values.times) }, countAll)
  showSpread(all)
  if (values.lower) judge(everyOf(all, Math.max))
} else judge(countTwice())

function countAll(): CountsByAct {
  const program = join(import.meta.dirname, 'counted.ts')
  const ran = spawnSync(process.execPath, [...OPTIONS, program], {
    encoding: 'utf8',
    env: { ...ownEnvironment(), NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
    maxBuffer: 2 ** 24,
  })
  if (ran.status === 0) return JSON.parse(ran.stdout.trim().split('\n').at(-1) ?? '')
  throw new Error(`nothing was counted: ${ran.stderr}`)
}

/**
 * Counts once more where something is above its limit. What a call takes is in every count; a collection that comes in the wrong moment on
 * a busy machine is in one of many.
 */
function countTwice(): CountsByAct {
  const found = countAll()
  return exceeded(found).length === 0 ? found : everyOf([found, countAll()], Math.min)
}

function judge(found: CountsByAct): void {
  if (values.lower) lower(found)
  const problems = exceeded(found)
  for (const line of problems) console.log(line)
  if (problems.length > 0) {
    console.log(
      'Each of these limits is of one request. They only fall (--lower); whoever has to raise one says why.',
    )
    process.exitCode = 1
  } else console.log(`${Object.keys(found).length} kinds of calls take no more than they may`)
}

function everyOf(
  all: readonly CountsByAct[],
  chosen: (...counts: number[]) => number,
): CountsByAct {
  const acts = Object.keys(all[0] ?? {})
  return Object.fromEntries(
    acts.map((act) => [
      act,
      countsOf((measure) => chosen(...all.map((found) => found[act]?.[measure] ?? Number.NaN))),
    ]),
  )
}

function showSpread(all: readonly CountsByAct[]): void {
  for (const act of Object.keys(all[0] ?? {})) {
    console.log(`\n${act}`)
    for (const measure of MEASURES) {
      const counts = all.map((found) => found[act]?.[measure] ?? Number.NaN)
      const [least, most, middle] = [Math.min(...counts), Math.max(...counts), median(counts)]
      const range = `${middle.toFixed(2).padStart(12)} (${least.toFixed(2)} – ${most.toFixed(2)})`
      console.log(
        `  ${measure.padEnd(32)}${range} ${(((most - least) / middle) * 100).toFixed(1)} %`,
      )
    }
  }
}
