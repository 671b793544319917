import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'
import { cacheFolder } from '../download.ts'
import { needProgram, QUICKLY } from '../program.ts'

/** Limit of a build, in ms. */
const MAX_BUILD_MS = 240_000

/** An OAuth client in Go without DPoP. */
export const oauthGo: Counterpart = {
  name: 'oauth-go',
  version: 'golang.org/x/oauth2 0.38.0',
  async get() {
    needProgram('go', 'golang-go')
    const folder = join(cacheFolder(), 'oauth-go')
    mkdirSync(folder, { recursive: true })
    const program = join(folder, 'client')
    const built = spawnSync('go', ['build', '-mod=readonly', ...QUICKLY, '-o', program, '.'], {
      ...{ cwd: import.meta.dirname, encoding: 'utf8', timeout: MAX_BUILD_MS },
      env: { ...process.env, GO111MODULE: 'on' },
    })
    if (built.status !== 0)
      throw new UnavailableSource(`Go could not build it: ${String(built.stderr).slice(0, 200)}`)
    return { REMIT_INTEROP_OAUTH_GO: program }
  },
}
