import { spawnSync } from 'node:child_process'
import { installOwn } from '../../../tools/install-own.ts'
import type { Counterpart } from '../counterpart.ts'
import { needProgram } from '../program.ts'

/** Debian's PgBouncer, and PostgreSQL from npm behind it. */
export const pgbouncer: Counterpart = {
  name: 'pgbouncer',
  version: 'of Debian',
  async get() {
    needProgram('pgbouncer', 'pgbouncer')
    installOwn('test/postgres', 'PostgreSQL for the tests (once; about 60 MB)')
    const { stdout } = spawnSync('pgbouncer', ['--version'], { encoding: 'utf8' })
    const [version = 'of Debian'] = /\d+\.\d+(?:\.\d+)*/.exec(stdout) ?? []
    return { REMIT_INTEROP_VERSION: version }
  },
}
