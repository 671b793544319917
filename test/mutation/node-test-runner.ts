// A test runner of StrykerJS that keeps one process for all mutants: modules are loaded and compiled once, and each mutant costs
// what its tests cost. The runners that StrykerJS has for other programs start a process for each file, seconds for each mutant.
// StrykerJS loads it by its name, in a process of its own, whose folder is the copy with the mutants.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { beforeEach, describe, run } from 'node:test'
import { pathToFileURL } from 'node:url'

/** State that StrykerJS shares with the code that it changed. The names are its own. */
interface StrykerState {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  mutantCoverage?: object
  hitCount?: number | undefined
  hitLimit?: number | undefined
}

/** Options of the run, as `run.ts` gives them. */
interface RunnerOptions {
  readonly mutate: readonly string[]
  readonly suites: readonly string[]
}

interface MutantRun {
  readonly activeMutant: { readonly id: string }
  readonly mutantActivation: 'runtime' | 'static'
  readonly testFilter?: readonly string[]
  readonly hitLimit?: number
}

/** Result of one file with tests. */
interface FileRun {
  readonly id: string
  readonly name: string
  readonly timeSpentMs: number
  readonly status: 0 | 1
  readonly failureMessage: string
}

const shared = globalThis as { __stryker__?: StrykerState } // as: the name that StrykerJS uses
shared.__stryker__ ??= {}
const state = shared.__stryker__
/** File in the copy that tells a later process how long each file with tests took, in ms. */
const DURATIONS = '.durations.json'
/** Lines of a guard that are mutated alone. */
const LINES = /:\d+-\d+$/
let runs = 0

class NodeTestRunner {
  readonly #options: RunnerOptions
  #durations: Record<string, number>

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#durations = existsSync(DURATIONS) ? JSON.parse(readFileSync(DURATIONS, 'utf8')) : {}
  }

  /** A loaded module stays. For a mutant that acts while its module is loaded, StrykerJS starts another process. */
  capabilities() {
    return { reloadEnvironment: false }
  }

  async dryRun() {
    await this.#load()
    const tests: FileRun[] = []
    for (const file of this.#options.suites) {
      state.currentTestId = file
      tests.push(await runFile(file))
    }
    state.currentTestId = undefined
    for (const { id, timeSpentMs } of tests) this.#durations[id] = timeSpentMs
    writeFileSync(DURATIONS, JSON.stringify(this.#durations))
    return { status: 'complete', tests, mutantCoverage: state.mutantCoverage }
  }

  async mutantRun({ activeMutant, mutantActivation, testFilter, hitLimit }: MutantRun) {
    if (mutantActivation === 'runtime') await this.#load()
    state.activeMutant = activeMutant.id
    state.hitLimit = hitLimit
    state.hitCount = hitLimit === undefined ? undefined : 0
    const files = this.#quickestFirst(testFilter ?? this.#options.suites)
    for (const [i, file] of files.entries()) {
      const { status, failureMessage } = await runFile(file)
      if (state.hitCount !== undefined && state.hitCount > (state.hitLimit ?? 0))
        return { status: 'timeout', reason: 'it loops' }
      if (status === 1)
        return { status: 'killed', killedBy: [file], failureMessage, nrOfTests: i + 1 }
    }
    return { status: 'survived', nrOfTests: files.length }
  }

  async #load(): Promise<void> {
    state.activeMutant = undefined
    for (const guard of this.#options.mutate) await import(urlOf(guard.replace(LINES, '')))
  }

  #quickestFirst(files: readonly string[]): readonly string[] {
    const duration = (file: string) => this.#durations[file] ?? 0
    return files.toSorted((a, b) => duration(a) - duration(b))
  }
}

/** Runs the tests of a file once more. The file is loaded again; what it imports is not. */
async function runFile(file: string): Promise<FileRun> {
  const start = performance.now()
  const failures: string[] = []
  const reports = run({ files: [], isolation: 'none' })
  reports.on('test:fail', ({ name, details }) => failures.push(`${name}: ${details.error.message}`))
  reports.resume()
  await describe(file, async () => {
    // One failure kills a mutant: the other tests of the file need not run.
    beforeEach(() => {
      if (failures.length > 0) throw new Error('another test failed')
    })
    runs += 1
    await import(`${urlOf(file)}?run=${runs}`)
  })
  // A run in its own process ends with the process. This is how one ends in a process that stays.
  const ended = new Promise((end) => reports.once('end', end))
  process.emit('beforeExit', 0)
  await ended
  process.exitCode = 0
  return {
    id: file,
    name: file,
    timeSpentMs: performance.now() - start,
    status: failures.length > 0 ? 1 : 0,
    failureMessage: failures[0] ?? '',
  }
}

function urlOf(file: string): string {
  return pathToFileURL(resolve(file)).href
}

function createRunner(options: RunnerOptions): NodeTestRunner {
  return new NodeTestRunner(options)
}
createRunner.inject = ['options']

/** Plugins of this file, under the name by which StrykerJS looks for them. */
export const strykerPlugins = [{ kind: 'TestRunner', name: 'node-test', factory: createRunner }]
