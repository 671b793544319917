import { spawnSync } from 'node:child_process'
import type { Counterpart } from '../counterpart.ts'
import { needProgram } from '../program.ts'

/** Debian's systemd, which reads units without being the first process of the machine. */
export const systemd: Counterpart = {
  name: 'systemd',
  version: 'of Debian',
  async get() {
    needProgram('systemd-analyze', 'systemd')
    const { stdout } = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' })
    return { REMIT_INTEROP_VERSION: /^systemd (\d+)/.exec(stdout)?.[1] ?? 'of Debian' }
  },
}
