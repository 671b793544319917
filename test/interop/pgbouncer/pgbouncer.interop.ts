import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { consumeOnce, examineDatabase, openStorage } from '../../../src/platform/storage/index.ts'
import { freePorts } from '../../ports.ts'
import { type RunningPostgres, startPostgres } from '../../postgres/start.ts'
import { until } from '../../until.ts'

const PAGE = readFileSync(
  new URL('../../../docs/operations/postgresql.md', import.meta.url),
  'utf8',
)
const PASSWORD = 'q9Xw2Lm7TzR4vK1bNs'

/** Blocks of the page in this language, as they are there. */
function blocks(language: string): readonly string[] {
  return [...PAGE.matchAll(new RegExp(`\`\`\`${language}\n([^\`]+)\`\`\``, 'g'))].map(
    ([, block = '']) => block,
  )
}

describe('PgBouncer as docs/operations/postgresql.md has it', () => {
  const home = mkdtempSync(join(tmpdir(), 'remit-pgbouncer-'))
  const ends: (() => Promise<unknown>)[] = []
  let postgres: RunningPostgres
  before(async () => {
    chmodSync(home, 0o755)
    postgres = await startPostgres()
    const [role = '', limits = ''] = blocks('sql')
    await asAdministrator(role.replace('…', PASSWORD))
    assert.match(limits, /statement_timeout/)
  })
  after(async () => {
    for (const end of ends) await end()
    await postgres.stop()
    rmSync(home, { recursive: true })
  })

  async function asAdministrator(statements: string): Promise<void> {
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    for (const statement of statements.split('\n').filter(Boolean)) await client.query(statement)
    await client.end()
  }

  /** Starts a PgBouncer with these settings. Answers the options of a store behind it. */
  async function behind(name: string, settings: string) {
    const [port = 0] = await freePorts(1)
    const file = join(home, `${name}.ini`)
    const { hostname, port: server } = new URL(postgres.url)
    const target = `host=${hostname} port=${server} user=remit password=${PASSWORD}`
    const own = `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =\nauth_type = any`
    writeFileSync(file, `[databases]\nremit = ${target}\n[pgbouncer]\n${own}\n${settings}\n`)
    const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
    const child = spawn('pgbouncer', [...user, file], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    ends.push(async () => {
      child.kill('SIGKILL') // it keeps nothing
      await ended
    })
    await until(async () => {
      const socket = connect(port, '127.0.0.1')
      const there = await once(socket, 'connect').catch(() => undefined)
      socket.destroy()
      return there
    })
    return { kind: 'postgres', url: `postgres://remit@127.0.0.1:${port}/remit` } as const
  }

  it('in transaction mode no store is opened, and the doctor sees it', async () => {
    const [ini = ''] = blocks('ini')
    const options = await behind('transaction', ini.replace('= session', '= transaction'))
    await assert.rejects(openStorage({ ...options, migrate: true }), {
      code: 'storage.cannot_open',
      detail: /pooler in transaction or statement mode/,
    })
    assert.equal((await examineDatabase(options))?.sharesProcesses, true)
  })

  it('that refuses the time limits is named', async () => {
    const options = await behind('refusing', 'pool_mode = session')
    await assert.rejects(openStorage({ ...options, migrate: true }), {
      code: 'storage.cannot_open',
      detail: /ignore_startup_parameters/,
    })
  })

  it('in session mode a store works, with the time limits of the role', async () => {
    const [ini = ''] = blocks('ini')
    const options = await behind('session', ini)
    const before = await examineDatabase(options)
    assert.deepEqual([before?.sharesProcesses, before?.statementTimeout], [false, 0])
    await asAdministrator(blocks('sql')[1] ?? '')
    // Its connections to the server are older than the limits.
    const fresh = await behind('fresh', ini)
    assert.equal((await examineDatabase(fresh))?.statementTimeout, 5_000)
    const storage = await openStorage({ ...fresh, migrate: true })
    try {
      const use = () =>
        storage.transaction((tx) => consumeOnce(tx, 'proof', 'one', Number.MAX_SAFE_INTEGER))
      assert.deepEqual([await use(), await use()], [true, false])
      const heard = new Promise<void>((resolve) => void storage.onNotify('test', resolve))
      storage.notify('test')
      await heard
    } finally {
      await storage.close()
    }
  })
})
