/**
 * Tests what the storage does when PostgreSQL fails: on servers of its own, because they are
 * crashed.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { Problem } from '../../src/platform/lib/problem.ts'
import {
  openStorage,
  type Reader,
  type Step,
  type Storage,
} from '../../src/platform/storage/index.ts'
import { SessionPool } from '../../src/platform/storage/postgres/pool.ts'
import { Primary } from '../../src/platform/storage/postgres/primary.ts'
import { startProxy } from './proxy.ts'
import { type RunningPostgres, startPostgres } from './start.ts'

/** Commit as it is sent: BEGIN … READ COMMITTED has the letters, too. */
const COMMIT = 'COMMIT\0'

const unavailable = (error: unknown): error is Problem =>
  error instanceof Problem && error.code === 'storage.unavailable'

let server: RunningPostgres
before(async () => {
  server = await startPostgres()
  await (await open()).close()
})
after(() => server.stop())

function open(options: { url?: string; transactionLimit?: number } = {}): Promise<Storage> {
  return openStorage({ kind: 'postgres', url: server.url, migrate: true, ...options })
}

async function asAdministrator<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function insert(db: Reader, key: string): Step {
  return { name: key, query: db.insertInto('meta').values({ key, value: '' }), rows: 1 }
}

async function has(storage: Storage, key: string): Promise<boolean> {
  const rows = await storage.read.selectFrom('meta').select('key').where('key', '=', key).execute()
  return rows.length === 1
}

/** Asks until the answer is yes; the test's own time limit ends it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds().catch(() => false))) await setTimeout(5)
}

test('a server that crashed: refused, then as before, with everything that was acknowledged', async () => {
  const storage = await open()
  const acknowledged: string[] = []
  let next = 0
  let crashed = false
  const write = async () => {
    while (!crashed) {
      const key = `crash ${next++}`
      const result = await storage.commit([insert(storage.read, key)]).catch((error) => error)
      if (result instanceof Error) assert.ok(unavailable(result), String(result))
      else acknowledged.push(key)
      if (result instanceof Error) return
    }
  }
  const writers = Promise.all(Array.from({ length: 8 }, write))
  await until(async () => acknowledged.length > 200)
  await server.crash()
  crashed = true
  await writers
  await assert.rejects(storage.commit([insert(storage.read, 'while down')]), unavailable)
  await assert.rejects(has(storage, 'x'), unavailable)
  await assert.rejects(
    storage.transaction(async () => {}),
    unavailable,
  )

  const heard = new Promise<void>((resolve) => storage.onNotify('live', resolve))
  await server.resume()
  await until(() => storage.commit([insert(storage.read, 'back')]).then(() => true))
  for (const key of acknowledged) assert.ok(await has(storage, key), `${key} is lost`)
  await heard // Hints may have been missed: everyone is called once.
  await storage.close()
})

test('a connection cut at COMMIT: told that it is not known, and not repeated', async () => {
  const proxy = await startProxy(server.url)
  const storage = await open({ url: proxy.url })
  await storage.commit([insert(storage.read, 'warm')])

  proxy.cutAfter(COMMIT)
  await assert.rejects(storage.commit([insert(storage.read, 'step')]), (error) => {
    assert.ok(unavailable(error))
    assert.match(String(error), /did not say whether it committed/)
    return true
  })
  assert.ok(await has(storage, 'step'), 'the proxy let it through')

  let runs = 0
  proxy.cutAfter(COMMIT)
  const transaction = storage.transaction(async (tx) => {
    runs++
    await tx.insertInto('meta').values({ key: 'transaction', value: '' }).execute()
  })
  await assert.rejects(transaction, unavailable)
  assert.equal(runs, 1)
  await storage.close()
  await proxy.close()
})

test('a connection cut before COMMIT: nothing happened, so it is done on another, once more and no oftener', async () => {
  const proxy = await startProxy(server.url)
  const storage = await open({ url: proxy.url })
  proxy.cutAfter('cut me here')
  assert.ok((await storage.commit([insert(storage.read, 'cut me here')])).committed)
  assert.ok(await has(storage, 'cut me here'))
  let runs = 0
  const transaction = async (oftener: boolean) =>
    storage.transaction(async (tx) => {
      runs++
      if (runs === 1 || oftener) proxy.cutAfter('and here')
      await tx.insertInto('meta').values({ key: 'and here', value: '' }).execute()
    })
  await assert.rejects(transaction(true), (error) => {
    assert.ok(unavailable(error))
    assert.match(String(error.cause), /Connection terminated unexpectedly/)
    return true
  })
  assert.equal(runs, 2)
  assert.equal(await has(storage, 'and here'), false)
  runs = 0
  await transaction(false)
  assert.equal(runs, 2)
  assert.ok(await has(storage, 'and here'))
  await storage.close()
  await proxy.close()
})

test('hints go on after the connection that carries them was cut', async () => {
  const proxy = await startProxy(server.url)
  const [here, there] = [await open({ url: proxy.url }), await open()]
  let heard = 0
  here.onNotify('live', () => heard++)
  there.notify('live')
  await until(async () => heard === 1)
  proxy.cutAll()
  await until(async () => heard === 2) // On coming back.
  there.notify('live')
  await until(async () => heard === 3)
  await here.close()
  await there.close()
  await proxy.close()
})

test('a caller that hangs in a transaction is rolled back and frees what it held', async () => {
  const storage = await open({ transactionLimit: 200 })
  const holds = Promise.withResolvers<void>()
  const never = Promise.withResolvers<void>()
  const hanging = storage.transaction(async (tx) => {
    await tx.insertInto('meta').values({ key: 'held', value: '' }).execute()
    holds.resolve()
    await never.promise
  })
  hanging.catch(() => {})
  await holds.promise
  await until(async () => (await storage.commit([insert(storage.read, 'held')])).committed)
  never.resolve()
  await assert.rejects(hanging, unavailable)
  await storage.close()
})

test('closing does not wait for a caller that hangs', async () => {
  const storage = await open({ transactionLimit: 100 })
  const inside = Promise.withResolvers<void>()
  void storage.transaction(async () => {
    inside.resolve()
    await new Promise(() => {})
  })
  await inside.promise
  await storage.close()
})

test('a commit that no standby confirmed is not called done', async () => {
  const storage = await open()
  const setStandbys = (names: string) =>
    asAdministrator(async (client) => {
      await client.query(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`)
      await client.query('SELECT pg_reload_conf()')
      await until(async () => {
        const { rows } = await client.query('SHOW synchronous_standby_names')
        return rows[0]?.synchronous_standby_names === names
      })
    })
  assert.match(storage.warnings().join(), /synchronous replication is off/)
  await setStandbys('absent')
  try {
    const waiting = storage.commit([insert(storage.read, 'unconfirmed')])
    waiting.catch(() => {})
    await asAdministrator((client) =>
      until(async () => {
        const { rowCount } = await client.query(
          `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
        )
        return rowCount === 1
      }),
    )
    await assert.rejects(waiting, (error) => {
      assert.ok(unavailable(error))
      assert.match(String(error), /no standby confirmed/)
      return true
    })
    const other = await openStorage({ kind: 'postgres', url: server.url })
    assert.doesNotMatch(other.warnings().join(), /synchronous replication is off/)
    await other.close()
  } finally {
    await setStandbys('')
  }
  await storage.close()
})

test('where synchronous replication is required, a primary alone is refused; where there is none, nothing is told', async () => {
  const at = { kind: 'postgres', url: server.url } as const
  await assert.rejects(openStorage({ ...at, replication: 'required' }), (error) => {
    assert.ok(unavailable(error))
    assert.match(String(error), /synchronous replication is off/)
    return true
  })
  const single = await openStorage({ ...at, replication: 'single' })
  assert.doesNotMatch(single.warnings().join(), /synchronous replication/)
  await single.close()
})

test('a session that was told not to wait for the disk waits all the same', async () => {
  const url = new URL(server.url)
  url.searchParams.set('options', '-c synchronous_commit=off')
  const storage = await open({ url: url.href })
  await storage.transaction(async (tx) => {
    const rows = await tx
      .selectNoFrom((eb) =>
        eb.fn<string>('current_setting', [eb.val('synchronous_commit')]).as('is'),
      )
      .execute()
    assert.deepEqual(rows, [{ is: 'on' }])
  })
  await storage.close()
})

test('nothing is written outside of a transaction, should BEGIN fail', async () => {
  const pool = new SessionPool({
    url: server.url,
    size: 1,
    primary: new Primary(),
    limits: { idle: 1_000 },
  })
  const session = await pool.borrow()
  const alone = session.query("INSERT INTO meta (key, value) VALUES ('alone', '')")
  await assert.rejects(alone, /read-only transaction/)
  session.release()
  await pool.close()
})

test('a standby is refused', async () => {
  const standby = await startPostgres()
  await standby.crash()
  writeFileSync(join(standby.data, 'standby.signal'), '')
  await standby.resume()
  try {
    await assert.rejects(openStorage({ kind: 'postgres', url: standby.url }), (error) => {
      assert.ok(unavailable(error))
      assert.match(String(error), /standby, not the primary/)
      return true
    })
  } finally {
    await standby.stop()
  }
})

test('a failover: connections from before are not used, and work goes on with the new primary', async () => {
  const cluster = await startPostgres()
  const told: string[] = []
  const onFailover = (what: string) => told.push(what)
  const storage = await openStorage({
    ...{ kind: 'postgres', url: cluster.url, migrate: true, onFailover },
  })
  await storage.commit([insert(storage.read, 'before')])
  const lineage = storage.lineage?.()
  await cluster.crash()
  writeFileSync(join(cluster.data, 'standby.signal'), '')
  await cluster.resume()
  await assert.rejects(storage.commit([insert(storage.read, 'on a standby')]), unavailable)
  const client = new pg.Client({ connectionString: cluster.url })
  await client.connect()
  await client.query('SELECT pg_promote()')
  await client.end()
  await assert.rejects(
    storage.commit([insert(storage.read, 'prepared before')]),
    unavailable,
    'what was prepared before a failover is not done after it',
  )
  await until(() => storage.commit([insert(storage.read, 'promoted')]).then(() => true))
  assert.equal(await has(storage, 'prepared before'), false)
  assert.match(told.join(), /failed over \(timeline 1 to 2\)/)
  assert.notEqual(storage.lineage?.(), lineage)
  assert.ok(await has(storage, 'before'))
  await storage.close()
  await cluster.stop()
})

test('which timeline the database is on is told to a role that may do no more than use it', async () => {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  const name = `plain_${Date.now()}`
  await client.query(
    `CREATE ROLE ${name} LOGIN PASSWORD 'plain' NOSUPERUSER NOCREATEDB NOCREATEROLE`,
  )
  await client.query(
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name}`,
  )
  const url = Object.assign(new URL(server.url), { username: name, password: 'plain' })
  const storage = await openStorage({ kind: 'postgres', url: url.href })
  assert.match(storage.lineage?.() ?? '', /^\d+\/\d+$/)
  assert.doesNotMatch(storage.warnings().join(), /which timeline/)
  await storage.close()
  await client.query('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC')
  const blind = await openStorage({ kind: 'postgres', url: url.href })
  assert.equal(blind.lineage?.(), undefined)
  assert.match(blind.warnings().join(), /which timeline/)
  await blind.close()
  await client.query('GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC')
  await client.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`)
  await client.end()
})
