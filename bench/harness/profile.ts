import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { PROJECT } from './machine.ts'

interface Frame {
  readonly url: string
  readonly functionName: string
  readonly lineNumber: number
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: Frame
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  /** Microseconds, as the start, which is of the monotonic clock that all processes share. */
  readonly timeDeltas: readonly number[]
  readonly startTime: number
}

/** Microseconds of the processor by name. */
type Times = Map<string, number>

const SHOWN = 30

/** Profile of a load, if one is wanted. */
export interface LoadProfile {
  readonly wanted: boolean
  /** Options with which the program has to be started. */
  readonly nodeOptions: readonly string[]
  /** From here on. */
  begin(program: { readonly pid: number }): void
  /** Prints, once the program has ended, and divides by the number of calls. */
  print(calls: number): Promise<void>
}

/**
 * Prepares what `--profile` asks for. Where `perf` is there, it says what each thread did, garbage collection, the kernel and what
 * is native included, and charges nobody for waiting; else the program writes samples of its own threads when it ends. Does
 * nothing without that option.
 */
export function profilesWanted({ profile }: { readonly profile: boolean }): LoadProfile {
  if (!profile)
    return { wanted: false, nodeOptions: [], begin: () => {}, print: () => Promise.resolve() }
  const folder = mkdtempSync(join(tmpdir(), 'remit-profile-'))
  return spawnSync('perf', ['--version']).status === 0 ? perfProfile(folder) : ownProfile(folder)
}

function perfProfile(folder: string): LoadProfile {
  const file = join(folder, 'perf.data')
  let recording: ChildProcess | undefined
  return {
    wanted: true,
    nodeOptions: ['--perf-basic-prof', '--interpreted-frames-native-stack'],
    begin({ pid }) {
      const args = ['record', '-q', '-F', '1999', '-g', '-o', file, '-p', String(pid)]
      recording = spawn('perf', args, { stdio: 'ignore' })
    },
    async print(calls) {
      if (recording && recording.exitCode === null) await once(recording, 'exit')
      for (const sort of ['comm', 'comm,dso', 'comm,symbol']) {
        const args = [
          'report',
          '-i',
          file,
          '--stdio',
          '--no-children',
          '-g',
          'none',
          '--sort',
          sort,
        ]
        const text = execFileSync('perf', [...args, '--percent-limit', '0.4'], {
          encoding: 'utf8',
          maxBuffer: 2 ** 26,
        })
        const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
        console.log(`\n  share of the processor time of ${calls} calls, by ${sort}`)
        console.log(lines.slice(0, 2 * SHOWN).join('\n'))
      }
      rmSync(folder, { recursive: true })
    },
  }
}

function ownProfile(folder: string): LoadProfile {
  let began = 0
  return {
    wanted: true,
    nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200'],
    begin() {
      began = Number(process.hrtime.bigint() / 1000n)
    },
    async print(calls) {
      for (const name of readdirSync(folder).filter((each) => each.endsWith('.cpuprofile')))
        printProfile(JSON.parse(readFileSync(join(folder, name), 'utf8')), began, calls)
      rmSync(folder, { recursive: true })
    },
  }
}

/** Prints where the time of one thread went, without what functions waited for. */
function printProfile(profile: Profile, began: number, calls: number): void {
  const stacks = stacksOf(profile)
  const byFile: Times = new Map()
  const byFunction: Times = new Map()
  const withCallees: Times = new Map()
  let busy = 0
  let at = profile.startTime
  for (const [i, id] of profile.samples.entries()) {
    const spent = profile.timeDeltas[i] ?? 0
    at += spent
    const stack = stacks(id)
    const frame = stack[0]
    if (at < began || !frame || frame.functionName === '(idle)') continue
    busy += spent
    add(byFile, fileOf(frame.url), spent)
    add(byFunction, nameOf(frame), spent)
    for (const name of new Set(stack.filter(isOurs).map(nameOf))) add(withCallees, name, spent)
  }
  console.log(`\nA thread: ${(busy / calls).toFixed(0)} µs for each of ${calls}`)
  const parts = { 'by file': byFile, 'by function': byFunction, 'with all it calls': withCallees }
  for (const [title, times] of Object.entries(parts)) {
    console.log(`\n  µs each, ${title}`)
    const top = [...times].toSorted(([, a], [, b]) => b - a).slice(0, SHOWN)
    for (const [what, time] of top)
      console.log(`  ${(time / calls).toFixed(1).padStart(7)}  ${what}`)
  }
}

/** Maps a node to its frame and those that called it. */
function stacksOf({ nodes }: Profile): (id: number) => readonly Frame[] {
  const frames = new Map(nodes.map(({ callFrame, id }) => [id, callFrame]))
  const callers = new Map(nodes.flatMap(({ children = [], id }) => children.map((of) => [of, id])))
  const known = new Map<number, readonly Frame[]>()
  const stackOf = (id: number | undefined): readonly Frame[] => {
    const frame = id === undefined ? undefined : frames.get(id)
    if (id === undefined || !frame) return []
    const stack = known.get(id) ?? [frame, ...stackOf(callers.get(id))]
    known.set(id, stack)
    return stack
  }
  return stackOf
}

function add(times: Times, name: string, spent: number): void {
  times.set(name, (times.get(name) ?? 0) + spent)
}

function isOurs({ url }: Frame): boolean {
  return url.startsWith('file://') && !url.includes('node_modules/')
}

function nameOf({ functionName, lineNumber, url }: Frame): string {
  return `${functionName || '(anonymous)'} ${fileOf(url)}:${lineNumber + 1}`
}

function fileOf(url: string): string {
  if (url === '') return '(native, garbage collection)'
  const at = url.indexOf('node_modules/')
  if (at >= 0)
    return url
      .slice(at)
      .split('/')
      .slice(1, url.includes('/@') ? 3 : 2)
      .join('/')
  return url.startsWith('file://') ? relative(PROJECT, new URL(url).pathname) : url
}
