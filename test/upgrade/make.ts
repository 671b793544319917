// Makes a database with real data by the code around it, and keeps it: `node test/upgrade/make.ts ENGINE FILE`. `keep.ts` runs it
// in a checkout of the commit whose schema is kept.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { schemaNames } from '../../src/platform/storage/index.ts'
import { postgresSnapshot } from '../../src/platform/storage/snapshot/postgres.ts'
import { buildFor } from '../../src/programs/modules.ts'
import type { OpenTask } from '../agent.ts'
import { assertRequestable } from '../refusals.ts'
import { World } from '../world.ts'
import { type KeptDatabase, type KeptTable, type KeptTask, writeKept } from './kept-database.ts'

const [engine, file = ''] = process.argv.slice(2)
if (engine !== 'sqlite' && engine !== 'postgres') throw new Error('name an engine and a file')

// Connections of tests do not keep a process alive.
const alive = setInterval(() => {}, 1_000)
const w = await World.start(engine)
try {
  const task = await w.open({ purpose: 'kept for later builds' })
  const closed = await w.open({ purpose: 'closed before it was kept' })
  await w.agent.call(closed, 'GET', '/orders/orders/1042')
  const close = await w.agent.about(closed, 'DELETE', '')
  if (close.status >= 300) throw new Error(`the task was not closed: ${close.text}`)
  const token = await w.agent.token(task, `${w.gateway}/echo`)
  for (const target of ['/echo/things/1', '/echo/things?q=a', '/orders/orders/1042'])
    await w.agent.call(task, 'GET', target)
  // Approvals name the address of the API. This one is there on every machine, and nobody answers at it.
  await w.rooms.storage.transaction((tx) =>
    tx
      .updateTable('resources')
      .set({ upstream: 'https://echo.invalid' })
      .where('name', '=', 'echo')
      .execute(),
  )
  await w.restart()
  const ask = async (thing: string) =>
    assertRequestable(await w.agent.call(task, 'DELETE', `/echo/things/${thing}`, { token }))
  const approved = await ask('approved')
  const fiona = await w.browser('fiona')
  const done = await fiona.submit(await fiona.get(approved.page), /^Approve once/)
  if (done.status !== 200) throw new Error(`it was not approved: ${done.text}`)
  const body = JSON.stringify({ name: 'pending', owner: { id: 'asked' } })
  const pending = assertRequestable(
    await w.agent.call(task, 'POST', '/echo/things', { body, token }),
  )
  const { agent, data, gateway, issuer, provider, databaseUrl } = w
  await w.stopServer()
  if (databaseUrl === undefined) intoOneFile(join(data, 'remit.db'))
  const names = readdirSync(data).filter((name) => /^(?:master\.key|remit\.db)$/.test(name))
  const kept: KeptDatabase = {
    ...{
      at: w.clock.now(),
      issuer,
      gateway,
      provider,
      migrations: schemaNames(buildFor('postgres')),
      token,
    },
    files: Object.fromEntries(names.map((name) => [name, readFileSync(join(data, name))])),
    tables: databaseUrl === undefined ? {} : await tablesOf(databaseUrl),
    agentKey: agent.key.privateJwk,
    ...{ task: keptTask(task), closed: keptTask(closed) },
    ...{ approved: approved.id, pending: pending.id },
  }
  writeKept(file, kept)
} finally {
  await w.stop()
}
clearInterval(alive)
process.exit()

function intoOneFile(path: string): void {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}

function keptTask({ id, key, token }: OpenTask): KeptTask {
  return { id, token, key: key.privateJwk }
}

async function tablesOf(url: string): Promise<Record<string, KeptTable>> {
  const snapshot = await postgresSnapshot(url)
  const tables: Record<string, KeptTable> = {}
  for (const [name, described] of Object.entries(buildFor('postgres').tables)) {
    const columns = Object.keys(described.columns)
    const rows = []
    for await (const some of snapshot.rows(name, columns)) rows.push(...some)
    tables[name] = { columns, rows }
  }
  await snapshot.close()
  return tables
}
