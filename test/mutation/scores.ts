// Scores that were measured, the reasons why mutants survive, and the page that shows both.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOMS, WITHOUT_GUARDS } from './rooms.ts'
import type { Measurement, Survivor } from './stryker.ts'

/** Part of the real mutants that tests should notice, in percent. */
export const AIM = 95

/** Measurement of a room, and the last commit below it. */
export interface Score extends Measurement {
  readonly commit: string
}

/** Reason why mutants of one line survive. */
interface Reason {
  readonly file: string
  /** Text of the line that is mutated, without space around it. */
  readonly text: string
  /** Mutators that it speaks of. Default: all. */
  readonly mutators?: readonly string[]
  /** True: the code behaves in the same way, so no test can notice it. */
  readonly equivalent: boolean
  readonly reason: string
}

const SCORES = join(import.meta.dirname, 'scores.json')
const SRC = join(import.meta.dirname, '..', '..', 'src')
const PAGE = join(import.meta.dirname, 'README.md')

/** Reasons that `survivors.json` gives. */
export const REASONS: readonly Reason[] = readJson(join(import.meta.dirname, 'survivors.json'))

/** Reads the scores, by room. */
export function readScores(): Readonly<Record<string, Score>> {
  return readJson(SCORES)
}

/** Keeps the score of a room, and writes the page. */
export function keepScore(room: string, score: Score): void {
  const scores = { ...readScores(), [room]: score }
  writeFileSync(SCORES, `${JSON.stringify(scores, undefined, 2)}\n`)
  writePage()
}

/** Returns the killed part of the real mutants, in percent with one digit. */
export function percent({ mutants, killed, survivors }: Measurement): number {
  const real = mutants - survivors.filter((each) => reasonOf(each)?.equivalent).length
  return real === 0 ? 100 : Math.floor((killed / real) * 1000) / 10
}

/** Returns the reason for a survivor, if one is given. */
export function reasonOf({ file, text, mutator }: Survivor): Reason | undefined {
  return REASONS.find(
    (each) =>
      each.file === file && each.text === text && (each.mutators?.includes(mutator) ?? true),
  )
}

/** Writes the page. */
export function writePage(): void {
  writeFileSync(PAGE, page())
}

/** Returns the page, and what stands there. */
export function readPage(): { readonly written: string; readonly expected: string } {
  return { written: readFileSync(PAGE, 'utf8'), expected: page() }
}

function page(): string {
  const scores = readScores()
  const names = Object.keys(ROOMS)
  const measured = names.flatMap((name) => {
    const score = scores[name]
    return score === undefined ? [] : [[name, score] as const]
  })
  const rooms = foldersIn(SRC).flatMap((wing) => foldersIn(join(SRC, wing)))
  const unmeasured = [...new Set([...names, ...rooms])].filter(
    (name) => !Object.hasOwn(scores, name) && !WITHOUT_GUARDS.has(name),
  )
  return `${HEAD}
| Room | Mutants | Killed | Equivalent | Survived | Not reached | Score | Commit |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |
${measured.map(([name, score]) => rowOf(name, score)).join('\n')}

${unmeasured.length > 0 ? `Not measured yet: ${unmeasured.toSorted().join(', ')}.` : 'Every room is measured.'}
Without a guard of their own: ${[...WITHOUT_GUARDS].join(', ')}.

## Survivors
${measured.map(([name, score]) => survivorsOf(name, score)).join('')}`
}

function foldersIn(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries.filter((each) => each.isDirectory()).map(({ name }) => name)
}

const HEAD = `# Mutation testing

<!-- Written by test/mutation/run.ts. -->

A guard is a piece of code that refuses. [StrykerJS](https://stryker-mutator.io) changes the guards of each room, one place at a
time: it turns a condition round, moves a bound, removes a block. The tests of the room then run again. A test that fails has
killed the mutant. A mutant that survives is a mistake that the tests would not notice.

\`npm run test:long -- test/mutation\` measures all rooms. \`node test/mutation/run.ts passkeys\` measures a room and writes its
score here. [rooms.ts](rooms.ts) says which files are guards, and which suites hold them. The suites run on SQLite.

- An *equivalent* mutant behaves as the code does, so no test can notice it. It is not part of the score.
- The aim is ${AIM} % of the others in each room. \`test:long\` fails where a room is below its score here, or below the aim.
- Mutants that only change texts, or the members of an answer, are left out. [stryker.ts](stryker.ts) says why.
- A mutant that is *not reached* is on a line that the suites of [rooms.ts](rooms.ts) never run. Slower suites, which start a whole
  server, may run it.
- *Commit* is the last commit of \`main\` below the measured tree.
`

function rowOf(name: string, score: Score): string {
  const { mutants, killed, survivors, commit } = score
  const equivalent = survivors.filter((each) => reasonOf(each)?.equivalent).length
  const unreached = survivors.filter((each) => !each.reached && !reasonOf(each)?.equivalent).length
  const others = survivors.length - equivalent - unreached
  return `| ${name} | ${mutants} | ${killed} | ${equivalent} | ${others} | ${unreached} | ${percent(score).toFixed(1)} % | ${commit} |`
}

function survivorsOf(name: string, { survivors }: Score): string {
  if (survivors.length === 0) return ''
  const explained = survivors.flatMap((each) => {
    const { equivalent, reason } = reasonOf(each) ?? {}
    const kind = equivalent ? 'Equivalent' : 'Open'
    return reason === undefined
      ? []
      : `| ${each.file}:${each.line} | ${code(each.text)} | ${each.mutator} | ${kind}: ${reason} |\n`
  })
  const others = survivors.filter((each) => reasonOf(each) === undefined)
  const table =
    explained.length === 0
      ? ''
      : `\n| Line | Code | Mutant | Why it survives |\n| --- | --- | --- | --- |\n${[...new Set(explained)].join('')}`
  return `\n### ${name}\n${table}${linesOf('Reached, and no test notices', others, true)}${linesOf('No suite of the room reaches', others, false)}`
}

/** Returns the lines with survivors that have no reason, by file. */
function linesOf(title: string, survivors: readonly Survivor[], reached: boolean): string {
  const chosen = survivors.filter((each) => each.reached === reached)
  const files = [...new Set(chosen.map(({ file }) => file))].map((name) => {
    const lines = chosen.filter(({ file }) => file === name).map(({ line }) => line)
    return `\`${name}\` ${[...new Set(lines)].toSorted((a, b) => a - b).join(', ')}`
  })
  return files.length === 0 ? '' : `\n${title}: ${files.join('; ')}.\n`
}

/** Writes a piece of code into a cell. */
function code(text: string): string {
  const short = text.length > 90 ? `${text.slice(0, 90)} …` : text
  return short === '' ? '' : `\`\` ${short.replaceAll('|', '\\|')} \`\``
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T // as: a file of this folder
}
