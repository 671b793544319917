import { spawnSync } from 'node:child_process'
import type { Counterpart } from '../counterpart.ts'
import { needProgram } from '../program.ts'

/** An OAuth client that is a shell script. */
export const oauthCurl: Counterpart = {
  name: 'oauth-curl',
  version: 'curl',
  async get() {
    needProgram('curl', 'curl')
    needProgram('openssl', 'openssl')
    const { stdout } = spawnSync('curl', ['--version'], { encoding: 'utf8' })
    return { REMIT_INTEROP_VERSION: /\d+\.\d+(?:\.\d+)*/.exec(stdout)?.[0] ?? 'curl' }
  },
}
