import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { World } from '../world.ts'

/**
 * State of a database at one moment, to be put back later: an older file, or rows whose log was
 * lost.
 */
export interface Moment {
  /** SQLite: only while the server is stopped. */
  putBack(): Promise<void>
}

export async function momentOf(w: World): Promise<Moment> {
  return w.databaseUrl === undefined ? fileOf(w) : rowsOf(w.databaseUrl)
}

function fileOf({ data }: World): Moment {
  const file = join(data, 'remit.db')
  const kept = `${file}.kept`
  const db = new DatabaseSync(file)
  db.prepare('VACUUM INTO ?').run(kept)
  db.close()
  return {
    async putBack() {
      for (const more of ['-wal', '-shm']) rmSync(`${file}${more}`, { force: true })
      copyFileSync(kept, file)
    },
  }
}

async function rowsOf(url: string): Promise<Moment> {
  const run = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }
  const tables = await run(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
    )
    const names = rows.map(({ name }) => name)
    await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE')
    await client.query('CREATE SCHEMA kept')
    for (const name of names) await client.query(`CREATE TABLE kept.${name} AS TABLE ${name}`)
    await client.query('COMMIT')
    return names
  })
  return {
    putBack: () =>
      run(async (client) => {
        await client.query('BEGIN')
        await client.query('SET LOCAL session_replication_role = replica')
        // Rows and not TRUNCATE, which empties tables also for who reads them as of a moment before.
        for (const name of tables) await client.query(`DELETE FROM ${name}`)
        for (const name of tables)
          await client.query(
            `INSERT INTO ${name} OVERRIDING SYSTEM VALUE SELECT * FROM kept.${name}`,
          )
        await client.query('DROP SCHEMA kept CASCADE')
        await client.query('COMMIT')
      }),
  }
}
