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

/**
 * Prepares what `--profile` asks for: the program writes a profile when it ends, and `print` shows
 * what came after `begin`, divided by the number of calls. Does nothing without that option.
 */
export function profilesWanted({ profile }: { readonly profile: boolean }): {
  readonly wanted: boolean
  readonly nodeOptions: readonly string[]
  begin(): void
  print(calls: number): void
} {
  if (!profile) return { wanted: false, nodeOptions: [], begin: () => {}, print: () => {} }
  const folder = mkdtempSync(join(tmpdir(), 'remit-profile-'))
  let began = 0
  return {
    wanted: true,
    nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200'],
    begin() {
      began = Number(process.hrtime.bigint() / 1000n)
    },
    print(calls) {
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
