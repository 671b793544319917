// Mutates the guards of one room and tells which changes no test notices.
import { globSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installOwn } from '../../tools/install-own.ts'
import type { GuardedRoom } from './rooms.ts'

const root = join(import.meta.dirname, '..', '..')

/** A change of one guard that no test noticed. */
export interface Survivor {
  readonly file: string
  readonly line: number
  /** Text of the line that was changed, without space around it. */
  readonly text: string
  readonly mutator: string
  readonly replacement: string
  /** False: no suite of the room reaches the line. */
  readonly reached: boolean
}

/** Mutants of one room: how many tests noticed, and the others. */
export interface Measurement {
  readonly mutants: number
  readonly killed: number
  readonly survivors: readonly Survivor[]
}

/** Result of StrykerJS for one mutant, as far as it is read here. */
interface Mutant {
  readonly fileName: string
  readonly mutatorName: string
  readonly location: { readonly start: { readonly line: number } }
  readonly replacement?: string
  readonly status: string
}

/** Mutates the guards of a room. Writes how far it is to the standard output. */
export async function measure(room: GuardedRoom): Promise<Measurement> {
  const mutants = await mutate(room.guards, suitesOf(room))
  const killed = mutants.filter(isKilled).length
  const missed = mutants.filter(({ status }) => ['Survived', 'NoCoverage'].includes(status))
  return { mutants: killed + missed.length, killed, survivors: missed.map(survivorOf) }
}

/**
 * Mutates the lines of known survivors again, and tells what the whole measurement would be: tests that are added kill more, and let
 * no mutant live that others killed. A mutant of several lines is not tried again, and stays a survivor.
 * @throws Error where one of the lines has changed since
 */
export async function measureAgain(room: GuardedRoom, known: Measurement): Promise<Measurement> {
  for (const { file, line, text } of known.survivors)
    if (textOf(file, line) !== text) throw new Error(`${file}:${line} has changed: measure it all`)
  const lines = known.survivors.map(({ file, line }) => `${file}:${line}-${line}`)
  if (lines.length === 0) return known
  const mutants = await mutate([...new Set(lines)], suitesOf(room))
  const tried = Map.groupBy(mutants, (mutant) => keyOf(survivorOf(mutant)))
  // Several mutants of one line can read the same: as many of them survive as before, or fewer.
  const survivors = [...Map.groupBy(known.survivors, keyOf)].flatMap(([key, each]) =>
    each.slice(0, tried.get(key)?.filter((mutant) => !isKilled(mutant)).length),
  )
  return { mutants: known.mutants, killed: known.mutants - survivors.length, survivors }
}

function keyOf({ file, line, mutator, replacement }: Survivor): string {
  return [file, line, mutator, replacement].join(' ')
}

function isKilled({ status }: Mutant): boolean {
  return ['Killed', 'Timeout'].includes(status)
}

function suitesOf({ suites }: GuardedRoom): readonly string[] {
  const files = suites.flatMap((pattern) => globSync(pattern, { cwd: root })).toSorted()
  return [...new Set(files)]
}

async function mutate(
  guards: readonly string[],
  suites: readonly string[],
): Promise<readonly Mutant[]> {
  installOwn('test/mutation', 'StrykerJS, which mutates guards (once; about 70 MB)')
  const { Stryker } = await importStryker()
  const stryker = new Stryker({
    mutate: guards,
    suites,
    plugins: [join(import.meta.dirname, 'node-test-runner.ts')],
    testRunner: 'node-test',
    coverageAnalysis: 'perTest',
    concurrency: 1,
    // Each of these changes what is said, not what is decided: the text of a message or of a name, and the members of an answer.
    // Types hold most names, and the suites of the API hold the answers.
    mutator: { excludedMutations: ['StringLiteral', 'ObjectLiteral'] },
    reporters: ['progress-append-only'],
    tempDirName: join(tmpdir(), `remit-mutation-${process.pid}`),
    ignorePatterns: IGNORED,
    // TypeScript 7 has no programming interface that StrykerJS could read the real one with.
    tsconfigFile: 'none.json',
    warnings: { unknownOptions: false },
    // A run without mutants on a busy machine.
    dryRunTimeoutMinutes: 15,
  })
  return stryker.runMutationTest()
}

/** Folders that no suite of a guard reads. StrykerJS copies the others. */
const IGNORED = [
  'bench',
  'deploy',
  'docs',
  'sdk-python',
  'test/documents',
  'test/interop',
  'test/mutation',
  'test/upgrade',
]

async function importStryker(): Promise<{
  readonly Stryker: new (options: object) => { runMutationTest(): Promise<readonly Mutant[]> }
}> {
  const core = join(import.meta.dirname, 'node_modules', '@stryker-mutator', 'core')
  return import(pathToFileURL(join(core, 'dist', 'src', 'index.js')).href)
}

function survivorOf(mutant: Mutant): Survivor {
  const { fileName, location, mutatorName: mutator, replacement = '', status } = mutant
  const file = fileName.slice(root.length + 1)
  const { line } = location.start
  const text = textOf(file, line)
  const change = replacement.replace(/\s+/g, ' ')
  return { file, line, text, mutator, replacement: change, reached: status === 'Survived' }
}

function textOf(file: string, line: number): string {
  return readFileSync(join(root, file), 'utf8').split('\n')[line - 1]?.trim() ?? ''
}
