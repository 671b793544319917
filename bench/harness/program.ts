import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { type Cores, onCores } from './machine.ts'
import { processTree, secondsOfTree } from './processor-time.ts'

/** A program under measurement. */
export interface Program {
  readonly pid: number
  /** Processor time used so far, user and system, by it and all that it started, in seconds (resolution 10 ms). */
  cpuSeconds(): number
  /** Resident memory in MiB, with that of all that it started. */
  residentMiB(): number
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>
}

/** Programs that are stopped with a measurement that failed. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1))

/** Starts of programs in this runtime; others say theirs. */
const MAX_START_MS = 120_000

/** Sign that a start has succeeded: a line of stderr contains `ready`, or an address answers 200. */
type Readiness = { readonly ready: string } | { readonly answers: string }

/** Starts a program. Resolves when it is ready. */
export async function startProgram(
  command: readonly string[],
  options: Readiness & {
    cores: Cores
    env?: Readonly<Record<string, string>>
    cwd?: string
    /** File for its standard output, and for stderr where nothing is read from that; when left out, nobody sees it. */
    log?: string
    startsWithinMs?: number
  },
): Promise<Program> {
  const [program, args] = onCores(options.cores, command)
  const log = options.log ? openSync(options.log, 'a') : 'ignore'
  const child = spawn(program, args, {
    env: { ...ownEnvironment(), ...options.env },
    ...(options.cwd ? { cwd: options.cwd } : {}),
    stdio: ['ignore', log, 'ready' in options ? 'pipe' : log],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  const { startsWithinMs = MAX_START_MS } = options
  if ('ready' in options) await untilSaid(child, options.ready, startsWithinMs)
  else await untilAnswers(child, options.answers, startsWithinMs)
  return programOf(child)
}

async function untilAnswers(child: ChildProcess, url: string, withinMs: number): Promise<void> {
  let failed: Error | undefined
  child.once('error', (error) => {
    failed = error
  })
  for (const late = performance.now() + withinMs; performance.now() < late; ) {
    if (failed) throw failed
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before it was ready`)
    const answer = await fetch(url).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return
    await pause(100)
  }
  child.kill('SIGKILL')
  throw new Error(`${url} did not answer within ${withinMs} ms`)
}

/** Settings of whoever runs the benchmark must not leak into what is measured. */
export function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || /^(?:REMIT_|NODE_|DATABASE_URL)/.test(name) ? [] : [[name, value]],
    ),
  )
}

function untilSaid(child: ChildProcess, ready: string, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`not ready after ${withinMs} ms:\n${said}`))
    }, withinMs)
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk
      if (!said.includes(ready)) return
      clearTimeout(late)
      resolve()
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(late)
      reject(new Error(`ended with ${code} before it was ready:\n${said}`))
    })
  })
}

/** `taskset` and its like replace themselves by the program, so the pid is the program's. */
function programOf(child: ChildProcess): Program {
  const pid = child.pid ?? 0
  return {
    pid,
    cpuSeconds: () => secondsOfTree(pid),
    residentMiB() {
      return processTree(pid).reduce((sum, each) => sum + residentKiB(each), 0) / 1024
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}

function residentKiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
}
