import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import net from 'node:net'
import { type Cores, onCores } from './machine.ts'

/** A program under measurement. */
export interface Program {
  readonly pid: number
  /** Processor time used so far, user and system, all threads, in seconds (resolution 10 ms). */
  cpuSeconds(): number
  /** Resident memory in MiB. */
  residentMiB(): number
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>
}

/** Programs that are stopped with a measurement that failed. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

const TICKS_PER_SECOND = 100 // USER_HZ, which Linux keeps fixed for what /proc shows
const MAX_START_MS = 120_000

/** Starts a program. Resolves when a line of its stderr contains `ready`. */
export async function startProgram(
  command: readonly string[],
  options: {
    cores: Cores
    ready: string
    env?: Readonly<Record<string, string>>
    /** File for its standard output; when left out, nobody sees it. */
    log?: string
  },
): Promise<Program> {
  const [program, args] = onCores(options.cores, command)
  const child = spawn(program, args, {
    env: { ...ownEnvironment(), ...options.env },
    stdio: ['ignore', options.log ? openSync(options.log, 'a') : 'ignore', 'pipe'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  await untilSaid(child, options.ready)
  return programOf(child)
}

/** Settings of whoever runs the benchmark must not leak into what is measured. */
export function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || /^(?:REMIT_|NODE_|DATABASE_URL)/.test(name) ? [] : [[name, value]],
    ),
  )
}

function untilSaid(child: ChildProcess, ready: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`not ready after ${MAX_START_MS} ms:\n${said}`))
    }, MAX_START_MS)
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
    cpuSeconds: () => sum(withChildren(pid), cpuSecondsOf),
    residentMiB: () => sum(withChildren(pid), residentMiBOf),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}

/** A program that serves by several processes is all of them. */
function withChildren(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
  return [pid, ...children.split(' ').filter(Boolean).map(Number)]
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0)
}

function cpuSecondsOf(pid: number): number {
  // Fields 14 and 15 of proc(5); the name before them may contain anything but ends with the last parenthesis.
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

function residentMiBOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  return Number(kib) / 1024
}

/** Free TCP ports on loopback. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, hold))
  const ports = held.map((server) => (server.address() as net.AddressInfo).port) // listening on TCP
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

function hold(): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}
