import { spawnSync } from 'node:child_process'
import type { Counterpart } from '../counterpart.ts'
import { needProgram } from '../program.ts'

/** Debian's Prometheus, with the tool that checks rules. */
export const observability: Counterpart = {
  name: 'observability',
  version: 'Prometheus of Debian',
  async get() {
    needProgram('prometheus', 'prometheus')
    const { stderr, stdout } = spawnSync('prometheus', ['--version'], { encoding: 'utf8' })
    const [version = 'of Debian'] = /\d+\.\d+(?:\.\d+)*/.exec(stdout + stderr) ?? []
    return { REMIT_INTEROP_VERSION: `Prometheus ${version}` }
  },
}
