// Many test files in one process, one after the other: modules are loaded and compiled once for all of them.
// Each file is a suite of its own, so its top-level hooks are its own, and is held to leaving the process as it was.
import assert from 'node:assert/strict'
import { type AsyncHook, createHook } from 'node:async_hooks'
import { after, before, describe } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'

// The same cases in every run; a file on its own, and the long run, draw new ones.
if (!process.env.TEST_LONG) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_129 })

/** A test file that hangs is a failure, in ms; its tests inherit this. Tests that take minutes have limits of their own. */
const MAX_DURATION = 600_000

/**
 * Declares the tests of these files, by path relative to `root`; called by what `tools/test.ts` writes. Of slow files
 * (`areSlow`) all suites: no other part of the run has them.
 */
export function declareFiles(root: string, files: readonly string[], areSlow: boolean): void {
  if (areSlow) process.env.TEST_PART = ''
  const hooks = hooksOf(() => before(() => {}))
  let running = ''
  const report = (error: unknown) => console.error(`while ${running} ran, nobody caught:`, error)
  process.on('unhandledRejection', report)
  process.on('uncaughtExceptionMonitor', report)
  for (const file of files) {
    const timeout = file.endsWith('.long.test.ts') ? Number.POSITIVE_INFINITY : MAX_DURATION
    describe(file, { timeout }, async () => {
      let found: ProcessState
      before(() => {
        for (const hook of hooks) hook.disable()
        running = file
        found = processState()
      })
      await import(new URL(file, pathToFileURL(`${root}/`)).href)
      // Last, after the file's own hooks: what one file leaves behind, another would see.
      after(async () => {
        await setImmediate() // Errors that nobody caught are known by then.
        assert.deepEqual(processState(), found, `${file} changed its process`)
      })
    })
  }
}

/**
 * The hooks on every promise that are enabled by `start`, which starts the test runner. The runner needs its hook to tell
 * which suite a test is declared in. When all are declared, it would only tell whose error it is that nobody caught; the
 * run fails without it, too, and takes a quarter less processor time.
 */
function hooksOf(start: () => void): readonly AsyncHook[] {
  const hooks: AsyncHook[] = []
  const prototype: AsyncHook = Object.getPrototypeOf(createHook({}))
  const { enable } = prototype
  prototype.enable = function (this: AsyncHook) {
    hooks.push(this)
    return enable.call(this)
  }
  try {
    start()
  } finally {
    prototype.enable = enable
  }
  return hooks
}

type ProcessState = ReturnType<typeof processState>

/** State of the process that is open to every file: environment, folder, time, randomness, listeners. */
function processState() {
  const { Date: date, fetch: fetched, performance: time, setTimeout: timer } = globalThis
  return {
    // Not the values: they could be secrets, and a failure is printed.
    environment: Object.entries(process.env).map(([name, value]) => [name, identity(value)]),
    folder: process.cwd(),
    umask: process.umask(),
    // By identity: a mock is another function.
    globals: [date, date.now, fetched, time.now, timer, Math.random, process.hrtime].map(identity),
    listeners: LASTING_EVENTS.map((name) => process.listenerCount(name)),
    exitCode: process.exitCode,
  }
}

const LASTING_EVENTS = ['SIGINT', 'SIGTERM', 'uncaughtException', 'unhandledRejection', 'warning']

const identities = new Map<unknown, number>()

/** Number of a value: always the same one for the same value. */
function identity(value: unknown): number {
  const known = identities.get(value) ?? identities.size
  identities.set(value, known)
  return known
}
