import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, getPriority, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { machineTimes, secondsOfTree } from './processor-time.ts'

export const PROJECT = join(import.meta.dirname, '..', '..')
/** Core of the measured program alone; everything that measures runs on the other one. */
const SERVER_CORE = '0'
const LOAD_CORE = '1'
const BOTH_CORES = `${SERVER_CORE},${LOAD_CORE}`

/** Machine and circumstances of the numbers. They mean nothing without these. */
export interface Machine {
  readonly at: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
  readonly commit: string
  /** Sources that differed from that commit. */
  readonly changed: readonly string[]
  /** Cores on which each program ran. */
  readonly placement: string
  /** Niceness of all that ran; absent: the usual one. */
  readonly nice?: number
  /** One-minute load average before the first run: what else the machine was doing. */
  readonly loadBefore: number
  /** Load of the machine by others during the run, as it was measured. */
  readonly during?: Circumstances
}

/** Shares of the processor time of all cores, from the first to the last run. */
export interface Circumstances {
  readonly loadAfter: number
  /** Taken by the hypervisor for others while there was work here. */
  readonly stolen: number
  /** Used by programs that are no part of the benchmark. */
  readonly others: number
}

interface Moment {
  readonly machine: ReturnType<typeof machineTimes>
  /** Processor time of the benchmark itself and all that it started. */
  readonly own: number
}

let began: Moment | undefined

export const PLACEMENT = {
  apart: 'measured on one core, load from the other',
  anywhere: 'not pinned to a core',
} as const

export function describeMachine(pinned: boolean): Machine {
  began = momentNow()
  return {
    at: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    commit: commitOf(PROJECT),
    changed: git(PROJECT, 'status', '--short', '--', 'src', 'engine', 'bench')
      .split('\n')
      .map((line) => line.slice(3))
      .filter((path) => path !== '' && !path.startsWith('bench/results')),
    placement: pinned ? PLACEMENT.apart : PLACEMENT.anywhere,
    ...(getPriority() === 0 ? {} : { nice: getPriority() }),
    loadBefore: loadNow(),
  }
}

/** Tells what else the machine did since `describeMachine`. */
export function circumstances(): Circumstances {
  const [from, to] = [began ?? momentNow(), momentNow()]
  const all = to.machine.all - from.machine.all
  const busy = to.machine.busy - from.machine.busy
  const share = (seconds: number) => Math.max(0, Math.round((seconds / all) * 1000) / 1000)
  return {
    loadAfter: loadNow(),
    stolen: share(to.machine.stolen - from.machine.stolen),
    others: share(busy - (to.own - from.own)),
  }
}

function momentNow(): Moment {
  return { machine: machineTimes(), own: secondsOfTree(process.pid) }
}

function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100
}

/** Reads the version of an installed package. */
export function versionOf(name: string): string {
  return JSON.parse(readFileSync(join(PROJECT, 'node_modules', name, 'package.json'), 'utf8'))
    .version
}

/** Names the commit of a checkout. */
export function commitOf(project: string): string {
  return git(project, 'rev-parse', '--short=12', 'HEAD').trim()
}

function git(project: string, ...args: string[]): string {
  try {
    return execFileSync('git', args, { cwd: project, encoding: 'utf8' })
  } catch {
    return ''
  }
}

/**
 * Moves this process, all of its threads, to the core that measures. False where that cannot be done; then the numbers say so
 * and are worth less.
 */
export function pinMyself(): boolean {
  if (availableParallelism() < 2) return false
  try {
    execFileSync('taskset', ['-acp', LOAD_CORE, String(process.pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/**
 * Cores that a program may use: the measured core; the one of the load; both; or wherever the
 * system puts it.
 */
export type Cores = 'measured' | 'load' | 'both' | 'any'
const LISTS = { measured: SERVER_CORE, load: LOAD_CORE, both: BOTH_CORES } as const

/** The command that runs `command` there. */
export function onCores(cores: Cores, command: readonly string[]): [string, string[]] {
  const [program = '', ...args] = command
  if (cores === 'any') return [program, args]
  return ['taskset', ['-c', LISTS[cores], program, ...args]]
}
