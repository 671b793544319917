// `npm run check`: types, lint and format, layout, docs. All run, so that one look shows everything.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = (name: string) => join(root, 'node_modules', '.bin', name)

const CHECKS: readonly (readonly [string, string, ...string[]])[] = [
  ['types', bin('tsc'), '-p', 'tsconfig.json'],
  ['lint and format', bin('biome'), 'check', '.', '--error-on-warnings'],
  ['wings', process.execPath, 'tools/check-wings.ts'],
  ['layout', process.execPath, 'tools/check-layout.ts'],
  ['docs', process.execPath, 'tools/check-docs.ts'],
  ['versions', process.execPath, 'tools/check-versions.ts'],
  ['counts of a call', process.execPath, 'bench/gate/run.ts', '--within-check'],
  ['benchmarks', process.execPath, 'tools/write-benchmarks.ts', '--check'],
  ['settings', process.execPath, 'tools/write-configuration.ts', '--check'],
  ['commands', process.execPath, 'tools/write-cli-page.ts', '--check'],
  ...(existsSync(join(root, 'tools', 'write-openapi.ts'))
    ? ([['openapi.json', process.execPath, 'tools/write-openapi.ts', '--check']] as const)
    : []),
]

let failed = 0
for (const [name, program, ...args] of CHECKS) {
  console.log(`\n# ${name}`)
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) failed++
}
console.log(
  failed ? `\n${failed} of ${CHECKS.length} checks failed` : `\nall ${CHECKS.length} checks passed`,
)
process.exitCode = failed ? 1 : 0
