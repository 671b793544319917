#!/usr/bin/env node
// `npx @remit/dev` is `remit dev`, from the package that this one depends on.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const home = dirname(createRequire(import.meta.url).resolve('remit/package.json'))
const program = [
  '--min-semi-space-size=8',
  '--max-semi-space-size=16',
  '--v8-pool-size=2',
  join(home, 'lib', 'main.js'),
  'dev',
]
const env = { MALLOC_ARENA_MAX: '2', ...process.env }
const child = spawn(process.execPath, [...program, ...process.argv.slice(2)], {
  env,
  stdio: 'inherit',
})
// A terminal tells the whole group; a signal to this process alone goes on to the one that it stands for.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.once('exit', (code) => process.exit(code ?? 1))
