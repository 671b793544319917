import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

/** Size of a store, and what it has written so far, in bytes. */
export interface StoreSize {
  /** Size of each table and index that is not empty. */
  readonly relations: ReadonlyMap<string, number>
  /** PostgreSQL only. */
  readonly wal: number | undefined
}

/** A store that is looked at from outside, while its server runs. */
export interface MeasuredStore {
  /** Size of the newest tree of the ledger. */
  treeSize(): Promise<number>
  /** Number of records that are in rows of their own. */
  unpacked(): Promise<number>
  size(): Promise<StoreSize>
  /** Makes everything before the measurement the same: what is copied back later is none of its cost. */
  settle(): Promise<void>
  close(): Promise<void>
}

const TREE_SIZE = 'SELECT size FROM ledger_head'
const UNPACKED = 'SELECT count(*) AS count FROM ledger_leaves'

export function sqliteStore(data: string): MeasuredStore {
  const db = new DatabaseSync(join(data, 'remit.db'), { readOnly: true })
  return {
    treeSize: async () => Number(db.prepare(TREE_SIZE).get()?.size),
    unpacked: async () => Number(db.prepare(UNPACKED).get()?.count),
    async size() {
      const rows = db.prepare('SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name').all()
      const relations = new Map(rows.map(({ bytes, name }) => [String(name), Number(bytes)]))
      return { relations, wal: undefined }
    },
    settle: async () => {},
    close: async () => db.close(),
  }
}

const RELATIONS = `SELECT coalesce((SELECT o.relname || ' (toast)' FROM pg_class o WHERE o.reltoastrelid = c.oid), relname) AS name,
  pg_relation_size(oid) AS bytes FROM pg_class c
  WHERE relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace) AND relkind IN ('r', 'i', 't')`

export async function postgresStore(url: string): Promise<MeasuredStore> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    treeSize: async () => Number((await client.query(TREE_SIZE)).rows[0]?.size),
    unpacked: async () => Number((await client.query(UNPACKED)).rows[0]?.count),
    async size() {
      const { rows } = await client.query(RELATIONS)
      const wal = await client.query(`SELECT pg_current_wal_lsn() - '0/0' AS bytes`)
      return {
        relations: new Map(rows.map(({ bytes, name }) => [String(name), Number(bytes)])),
        wal: Number(wal.rows[0]?.bytes),
      }
    },
    // Pages that change after a checkpoint go into the log whole: each run begins with one.
    settle: async () => {
      await client.query('VACUUM')
      await client.query('CHECKPOINT')
    },
    close: () => client.end(),
  }
}

/** Creates a database on that server. */
export async function newDatabase(server: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

/** Bytes that a process had written to the disk (proc(5), `write_bytes`). */
export function writtenBy(pid: number): number {
  const text = readFileSync(`/proc/${pid}/io`, 'latin1')
  return Number(/^write_bytes: (\d+)$/m.exec(text)?.[1])
}

/** Processor time of each thread of a process, by name, in seconds. Threads of one name are added up. */
export function threadSeconds(pid: number): ReadonlyMap<string, number> {
  const seconds = new Map<string, number>()
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const at = `/proc/${pid}/task/${task}`
    const name = readFileSync(`${at}/comm`, 'latin1').trim()
    const [nanoseconds] = readFileSync(`${at}/schedstat`, 'latin1').split(' ')
    seconds.set(name, (seconds.get(name) ?? 0) + Number(nanoseconds) / 1e9)
  }
  return seconds
}
