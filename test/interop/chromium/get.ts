import { spawnSync } from 'node:child_process'
import type { Counterpart } from '../counterpart.ts'
import { needProgram } from '../program.ts'

/** Debian's Chromium, driven over its DevTools protocol. */
export const chromium: Counterpart = {
  name: 'chromium',
  version: 'of Debian',
  async get() {
    needProgram('chromium', 'chromium')
    const { stdout } = spawnSync('chromium', ['--version'], { encoding: 'utf8' })
    const [version = 'of Debian'] = /\d+(?:\.\d+)+/.exec(stdout) ?? []
    return { REMIT_INTEROP_VERSION: version }
  },
}
