import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { UnavailableSource } from '../../test/interop/counterpart.ts'
import { cacheFolder } from '../../test/interop/download.ts'
import { needProgram } from '../../test/interop/program.ts'

/** Limit of one build, in ms: some compile a thousand packages. */
const MAX_BUILD_MS = 1_800_000

/** A program in Go by its module, and the digest that go.sum would have of its source. */
export interface GoProgram {
  readonly name: string
  readonly module: string
  readonly version: string
  readonly sum: string
  /** Folder of the program in its module. */
  readonly folder: string
  readonly tags?: string
  /** Modules that its own repository replaces by a folder which its module does not have. */
  readonly unreplaced?: readonly string[]
}

/**
 * Builds a program as its own release is built, optimized, and keeps it in the cache. INVARIANT: its source has the digest that is
 * pinned, and that of what it needs is checked against its own go.sum. Throws `UnavailableSource` when this machine reaches no source.
 */
export function builtByGo(program: GoProgram): string {
  const { folder, module, name, sum, tags = '', unreplaced = [], version } = program
  const place = join(cacheFolder(), 'peers', `${name}-${version}`)
  const file = join(place, name)
  if (existsSync(file)) return file
  needProgram('go', 'golang-go')
  const source = join(place, 'source')
  rmSync(source, { recursive: true, force: true })
  mkdirSync(place, { recursive: true })
  const got: { Dir: string; Sum: string } = JSON.parse(
    go(place, 'mod', 'download', '-json', `${module}@v${version}`),
  )
  if (got.Sum !== sum) throw new Error(`${name} ${version} has the digest ${got.Sum}`)
  cpSync(got.Dir, source, { recursive: true, mode: 0 })
  spawnSync('chmod', ['-R', 'u+w', source])
  for (const each of unreplaced) go(source, 'mod', 'edit', `-dropreplace=${each}`)
  go(source, 'build', `-tags=${tags}`, '-ldflags=-s -w', '-o', file, folder)
  rmSync(source, { recursive: true })
  return file
}

function go(cwd: string, ...args: readonly string[]): string {
  const settings = { GOTOOLCHAIN: 'local', GOWORK: 'off', GOFLAGS: '-mod=mod -buildvcs=false' }
  const env = { ...process.env, ...settings }
  const ran = spawnSync('go', args, { cwd, env, encoding: 'utf8', timeout: MAX_BUILD_MS })
  if (ran.status === 0) return ran.stdout
  throw new UnavailableSource(`Go could not build it: ${(ran.stderr ?? '').slice(-300)}`)
}
