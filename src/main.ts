#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --min-semi-space-size=8 --max-semi-space-size=16 --v8-pool-size=2
// Young objects get 16 MiB: with 8, a collection comes before most calls have ended, and copies what they hold. From the beginning they
// have 8, so that a start collects seldom. Two threads collect and compile: four take the core from the calls for longer. And two arenas of
// memory in C, where glibc would give each thread its own (decision 0123).
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// What was compiled once is read the next time: a third of a start's work and a tenth of its memory less. Beside the dependencies, as
// trusted as they are, and not in the system's temporary directory, where others could leave code for us. Said in the environment, it is
// so for the threads and processes that this one starts, too, and none of them loads the parser of TypeScript.
const compiled = join(import.meta.dirname, '..', 'node_modules', '.cache', 'remit')
process.env.NODE_COMPILE_CACHE ??= compiled
enableCompileCache()

const { run } = await import('./programs/cli/run.ts')
const { systemWorld } = await import('./programs/cli/system-world.ts')

// `remit decisions list | head`: the reader has seen enough. A command that has something to close hears of it as of a signal.
process.stdout.on('error', (error) => {
  if (!('code' in error && error.code === 'EPIPE')) throw error
  if (!process.emit('SIGPIPE')) process.exit(0)
})

process.exitCode = await run(process.argv.slice(2), systemWorld())
