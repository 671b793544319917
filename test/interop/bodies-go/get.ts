import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'
import { cacheFolder } from '../download.ts'
import { needProgram } from '../program.ts'

/** Limit of a build, in ms. */
const MAX_BUILD_MS = 240_000

/** An API in Go that reads bodies with the standard library. */
export const bodiesGo: Counterpart = {
  name: 'bodies-go',
  version: 'standard library',
  async get() {
    needProgram('go', 'golang-go')
    const folder = join(cacheFolder(), 'bodies-go')
    mkdirSync(folder, { recursive: true })
    const program = join(folder, 'read')
    const sources = globSync(join(import.meta.dirname, '*.go'))
    const built = run(['build', '-o', program, ...sources])
    if (built.status !== 0)
      throw new UnavailableSource(`Go could not build it: ${String(built.stderr).slice(0, 200)}`)
    const [version = 'standard library'] = /\d+\.\d+(?:\.\d+)*/.exec(run(['version']).stdout) ?? []
    return { REMIT_INTEROP_GO_READER: program, REMIT_INTEROP_VERSION: version }
  },
}

function run(args: readonly string[]) {
  const env = { ...process.env, GOFLAGS: '-mod=mod', GO111MODULE: 'off' }
  return spawnSync('go', args, { encoding: 'utf8', timeout: MAX_BUILD_MS, env })
}
