import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'
import { cacheFolder } from '../download.ts'
import { needProgram } from '../program.ts'

/** Limit of a build, in ms. */
const MAX_BUILD_MS = 240_000

/** An API in Go that reads bodies with the standard library. */
export const jsonGo: Counterpart = {
  name: 'json-go',
  version: 'encoding/json',
  async get() {
    needProgram('go', 'golang-go')
    const folder = join(cacheFolder(), 'json-go')
    mkdirSync(folder, { recursive: true })
    const program = join(folder, 'read')
    const built = spawnSync('go', ['build', '-o', program, join(import.meta.dirname, 'read.go')], {
      encoding: 'utf8',
      timeout: MAX_BUILD_MS,
      env: { ...process.env, GOFLAGS: '-mod=mod', GO111MODULE: 'off' },
    })
    if (built.status !== 0)
      throw new UnavailableSource(`Go could not build it: ${String(built.stderr).slice(0, 200)}`)
    return { REMIT_INTEROP_JSON_READER: program }
  },
}
