// Which wing uses which: dependency-cruiser with the table in `tools/wings/edges.mjs`. It reads TypeScript with a compiler of its own.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { installOwn } from './install-own.ts'

const root = join(import.meta.dirname, '..')
installOwn('tools/wings', 'what checks the wings')
const program = join('tools', 'wings', 'node_modules', 'dependency-cruiser', 'bin')
const { status } = spawnSync(
  process.execPath,
  [
    join(program, 'dependency-cruise.mjs'),
    ...['--config', 'tools/wings/rules.mjs'],
    ...['src', 'engine', 'sdk', 'verifier', 'pkcs11'],
  ],
  { cwd: root, stdio: 'inherit' },
)
process.exitCode = status ?? 1
