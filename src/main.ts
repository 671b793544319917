#!/usr/bin/env node
import { run } from './cli/run.ts'
import { systemWorld } from './cli/system-world.ts'

// `remit decisions list | head`: whoever reads has seen enough.
process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await run(process.argv.slice(2), systemWorld())
