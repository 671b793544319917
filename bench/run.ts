// `npm run bench`: the benchmarks, one after the other. `-- --only gateway,authzen`: these alone. What was measured today at this commit
// is not measured again, so that a run that was stopped goes on where it was; `-- --again` measures it all the same. `--seconds` and
// `--rounds` make a try of it, which prints and writes nothing. Ends by writing docs/benchmarks.md from the newest results.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeMachine, PROJECT } from './harness/machine.ts'
import type { Results } from './harness/results.ts'

/** Minutes on two cores that do nothing else, starts and warm-ups included. */
interface Benchmark {
  readonly name: string
  readonly file: string
  readonly minutes: number
  /** Results that it writes; its name, where it is one. */
  readonly results?: readonly string[]
}

const BENCHMARKS: readonly Benchmark[] = [
  { name: 'decide', file: 'decide/run.ts', minutes: 2 },
  { name: 'start', file: 'start/run.ts', minutes: 3 },
  { name: 'tokens', file: 'tokens/run.ts', minutes: 4 },
  { name: 'authzen', file: 'authzen/run.ts', minutes: 3 },
  { name: 'gateway', file: 'gateway/run.ts', minutes: 12 },
  { name: 'mcp', file: 'gateway/mcp/run.ts', minutes: 7 },
  {
    name: 'peers',
    file: 'peers/run.ts',
    minutes: 12,
    results: ['peers-decisions', 'peers-tokens', 'peers-gateways'],
  },
]

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    again: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
  },
})
const { again, only, rounds, seconds } = values
const isTry = rounds !== undefined || seconds !== undefined
const wanted = only?.split(',').map((name) => name.trim())
const unknown = wanted?.find((name) => BENCHMARKS.every((each) => each.name !== name))
if (unknown !== undefined)
  throw new TypeError(`there is no benchmark ${unknown}: ${BENCHMARKS.map(({ name }) => name)}`)

const { at, changed, commit } = describeMachine(false)
const chosen = BENCHMARKS.filter(({ name }) => wanted?.includes(name) ?? true)
const unmeasured = chosen.filter((each) => again || isTry || !isMeasured(each))
for (const each of chosen.filter((one) => !unmeasured.includes(one)))
  console.log(`${each.name}: measured today at ${commit}; --again measures it once more`)
const minutes = unmeasured.reduce((sum, each) => sum + each.minutes, 0)
console.log(
  `${unmeasured.map(({ name }) => name).join(', ') || 'nothing'}: ${isTry ? 'a try' : `about ${minutes} minutes on a quiet machine`}`,
)

let failed = 0
for (const { file, name } of unmeasured) {
  const options = [
    ...(seconds === undefined ? [] : ['--seconds', seconds]),
    ...(rounds === undefined ? [] : ['--rounds', rounds]),
  ]
  console.log(`\n${name}`)
  failed += run(join(PROJECT, 'bench', file), ...options) === 0 ? 0 : 1
}
if (!isTry && unmeasured.length > failed)
  failed += run(join(PROJECT, 'tools', 'write-benchmarks.ts'))
process.exitCode = failed > 0 ? 1 : 0

function isMeasured({ name, results = [name] }: Benchmark): boolean {
  return results.every((each) => {
    const path = join(PROJECT, 'bench', 'results', at.slice(0, 10), `${each}.json`)
    if (!existsSync(path)) return false
    const { machine }: Results = JSON.parse(readFileSync(path, 'utf8'))
    return machine.commit === commit && machine.changed.join() === changed.join()
  })
}

function run(file: string, ...args: readonly string[]): number {
  return spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' }).status ?? 1
}
