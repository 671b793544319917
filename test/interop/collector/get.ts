import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'
import { cacheFolder } from '../download.ts'
import { needProgram, QUICKLY } from '../program.ts'

/** Limit of a build, in ms: the first one compiles some hundred packages. */
const MAX_BUILD_MS = 420_000

/** An OpenTelemetry collector, built of those of its parts that our configuration names. */
export const collector: Counterpart = {
  name: 'collector',
  version: '0.165.0',
  async get() {
    needProgram('go', 'golang-go')
    const folder = join(cacheFolder(), 'collector')
    mkdirSync(folder, { recursive: true })
    const program = join(folder, 'collector')
    const built = spawnSync('go', ['build', '-mod=readonly', ...QUICKLY, '-o', program, '.'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      timeout: MAX_BUILD_MS,
      env: { ...process.env, GOFLAGS: '-buildvcs=false', GOTOOLCHAIN: 'local' },
    })
    if (built.status !== 0)
      throw new UnavailableSource(`Go could not build it: ${String(built.stderr).slice(0, 200)}`)
    return { REMIT_INTEROP_COLLECTOR: program }
  },
}
