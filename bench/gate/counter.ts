// Imported before everything else, in the main thread of the counted server and in those that it starts: statements and rows are
// counted where they go to SQLite, signatures where they go to OpenSSL.
import crypto from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { getHeapStatistics } from 'node:v8'
import threads, { Worker } from 'node:worker_threads'
import { HeldTime } from './held-time.ts'
import type { Counts } from './measures.ts'

/** Places of the counts that all threads share. */
const COMMITS = 0
const STATEMENTS = 1
const ROWS = 2
const SIGNATURES = 3
const KEY = 'remit-gate-counts'
/** Threads that belong to who calls, and not to the server, by their names. */
export const CALLER = 'gate-caller'

export const held = new HeldTime()
const writers: Worker[] = []
/** Name of the thread that writes, as the server gives it. */
const WRITER = 'storage-writer'
const shared = new Int32Array(sharedBuffer())
countStatements()
countSignatures()
if (threads.isMainThread) {
  held.install()
  countInThreads()
}
syncBuiltinESMExports()

function sharedBuffer(): SharedArrayBuffer {
  const known = threads.getEnvironmentData(KEY)
  if (known instanceof SharedArrayBuffer) return known
  const made = new SharedArrayBuffer(16)
  threads.setEnvironmentData(KEY, made)
  return made
}

function countStatements(): void {
  const { all, get, iterate, run } = StatementSync.prototype
  const count = ({ sourceSQL }: StatementSync, rows: number): void => {
    Atomics.add(shared, /^\s*COMMIT/i.test(sourceSQL) ? COMMITS : STATEMENTS, 1)
    Atomics.add(shared, ROWS, rows)
  }
  Object.assign(StatementSync.prototype, {
    run(this: StatementSync, ...given: Parameters<typeof run>) {
      const result = run.apply(this, given)
      // `changes` of what changes nothing is that of the statement before.
      const changes = /^\s*(?:INSERT|UPDATE|DELETE|REPLACE|WITH)/i.test(this.sourceSQL)
      count(this, changes ? Number(result.changes) : 0)
      return result
    },
    all(this: StatementSync, ...given: Parameters<typeof all>) {
      const rows = all.apply(this, given)
      count(this, rows.length)
      return rows
    },
    get(this: StatementSync, ...given: Parameters<typeof get>) {
      const row = get.apply(this, given)
      count(this, row === undefined ? 0 : 1)
      return row
    },
    iterate(this: StatementSync, ...given: Parameters<typeof iterate>) {
      count(this, 0)
      return iterate.apply(this, given)
    },
  })
  const { exec } = DatabaseSync.prototype
  DatabaseSync.prototype.exec = function counted(sql) {
    Atomics.add(shared, /^\s*COMMIT/i.test(sql) ? COMMITS : STATEMENTS, 1)
    exec.call(this, sql)
  }
}

/** Signatures that are checked or made, on the thread pool and off it. */
function countSignatures(): void {
  for (const name of ['sign', 'verify'] as const) {
    const plain = crypto[name]
    Object.assign(crypto, {
      [name](...given: unknown[]) {
        Atomics.add(shared, SIGNATURES, 1)
        return Reflect.apply(plain, crypto, given)
      },
    })
  }
}

/** Threads of the server are started without the options of its process; this file comes with them all the same. */
function countInThreads(): void {
  class CountedWorker extends Worker {
    constructor(file: string | URL, options: threads.WorkerOptions = {}) {
      const counted = options.name !== CALLER
      const execArgv = [
        ...(counted ? ['--import', import.meta.url] : []),
        ...(options.execArgv ?? []),
      ]
      super(file, { ...options, execArgv })
      // Other threads end when nobody needs them, which may be now.
      if (options.name !== WRITER) return
      writers.push(this)
      this.once('exit', () => writers.splice(writers.indexOf(this), 1))
    }
  }
  Object.assign(threads, { Worker: CountedWorker })
}

export function statementsSoFar(): number {
  return Atomics.load(shared, STATEMENTS) + Atomics.load(shared, COMMITS)
}

/**
 * Collects young objects, and answers how many bytes there are then. What is under way no more has to be gone: what old garbage refers
 * to is not, and waits for a collection of everything.
 */
export function collectYoung(): number {
  // What has outlived one is promoted by the next.
  for (const _ of [1, 2]) globalThis.gc?.({ type: 'minor', execution: 'sync' })
  return getHeapStatistics().used_heap_size
}

/** Reads what the process has used so far, but for the threads `besides`, by their ids in the system. */
export async function readCounts(besides: readonly string[]): Promise<Counts> {
  const heaps = await Promise.all(writers.map((writer) => writer.getHeapStatistics()))
  const io = readdirSync('/proc/self/task')
    .filter((thread) => !besides.includes(thread))
    .map((thread) => readFileSync(`/proc/self/task/${thread}/io`, 'latin1'))
  const sum = (name: string) =>
    io.reduce((all, text) => all + Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1]), 0)
  return {
    signatures: shared[SIGNATURES] ?? 0,
    commits: shared[COMMITS] ?? 0,
    statements: shared[STATEMENTS] ?? 0,
    rows: shared[ROWS] ?? 0,
    'bytes written': sum('wchar'),
    'system calls that read': sum('syscr'),
    'system calls that write': sum('syscw'),
    'bytes allocated by the writer': heaps.reduce((all, heap) => all + heap.used_heap_size, 0),
    // Counted by `collectYoung`.
    'bytes that outlive collections': 0,
    // Last, so that what this function allocates is in both of two readings.
    'bytes allocated': getHeapStatistics().used_heap_size,
  }
}
