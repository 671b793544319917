import { spawnSync } from 'node:child_process'
import { type Counterpart, UnavailableSource } from './counterpart.ts'
import { needProgram } from './program.ts'

/** A gateway that Debian has under its own name, in the version that this Debian has. */
function ofDebian(name: string, ask: string): Counterpart {
  return {
    name,
    version: 'of Debian',
    async get() {
      needProgram(name, name)
      const { stderr, stdout } = spawnSync(name, [ask], { encoding: 'utf8' })
      const [version = 'of Debian'] = /\d+\.\d+(?:\.\d+)*/.exec(stdout + stderr) ?? []
      return { REMIT_INTEROP_VERSION: version }
    },
  }
}

/** With `auth_request`. */
export const nginx = ofDebian('nginx', '-v')
/** With `forward_auth`. */
export const caddy = ofDebian('caddy', 'version')
/** With Lua, and its HTTP client. */
export const haproxy = ofDebian('haproxy', '-v')
/** No registry that is used here has it: tried where it is installed. */
export const traefik: Counterpart = {
  name: 'traefik',
  version: '3',
  async get() {
    const { error, stdout } = spawnSync('traefik', ['version'], { encoding: 'utf8' })
    if (error)
      throw new UnavailableSource('there is no `traefik` here, and Debian has no package of it')
    const [version = '3'] = /\d+\.\d+(?:\.\d+)*/.exec(stdout) ?? []
    return { REMIT_INTEROP_VERSION: version }
  },
}
