import { DatabaseSync } from 'node:sqlite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import pg from 'pg'
import {
  type Schema,
  type Step,
  type Storage,
  storageBuild,
  type Tx,
} from '../../src/platform/storage/index.ts'

/**
 * Takes what the product's own functions would write, instead of writing it: whatever they insert, they insert here, and what they
 * look for is not there. So rows are theirs, and only the way they get into the store is another.
 */
export class RowCollector {
  readonly tx: Tx
  readonly storage: Storage
  #inserts = new Map<string, (readonly unknown[])[]>()
  #rows = 0

  constructor() {
    const take = (query: CompiledQuery) => this.#take(query)
    const connection: DatabaseConnection = {
      executeQuery: async (query) => {
        take(query)
        return { rows: [], numAffectedRows: 1n }
      },
      streamQuery: () => {
        throw new Error('nothing is read here')
      },
    }
    this.tx = new Kysely<Schema>({
      dialect: {
        createDriver: () => ({
          init: async () => {},
          destroy: async () => {},
          acquireConnection: async () => connection,
          releaseConnection: async () => {},
          beginTransaction: async () => {},
          commitTransaction: async () => {},
          rollbackTransaction: async () => {},
        }),
        createAdapter: () => new SqliteAdapter(),
        createQueryCompiler: () => new SqliteQueryCompiler(),
        createIntrospector: (db) => new SqliteIntrospector(db),
      },
    })
    const lane: Storage['lanes']['renewal'] = {
      read: this.tx,
      transaction: (work) => work(this.tx),
      now: async () => Date.now(),
    }
    this.storage = {
      ...{ engine: 'sqlite', build: storageBuild('sqlite') },
      shared: false,
      ...lane,
      lanes: { renewal: lane, revocation: lane },
      time: () => sql<number>`${Date.now()}`,
      nowAtHand: () => Date.now(),
      exclusively: (work) => work(this.tx),
      commit: async (steps) => {
        this.take(steps)
        return { committed: true }
      },
      notify: () => {},
      onNotify: () => () => {},
      warnings: () => [],
      load: () => ({ writes: 0, pools: [] }),
      close: async () => {},
    }
  }

  get rows(): number {
    return this.#rows
  }

  take(steps: readonly Step[]): void {
    for (const { query } of steps) this.#take(query.compile())
  }

  /** All that was taken, by statement, in the order in which each first came. */
  empty(): ReadonlyMap<string, readonly (readonly unknown[])[]> {
    const inserts = this.#inserts
    this.#inserts = new Map()
    this.#rows = 0
    return inserts
  }

  #take({ parameters, sql }: CompiledQuery): void {
    if (!sql.startsWith('insert into ')) return
    const known = this.#inserts.get(sql)
    if (known) known.push(parameters)
    else this.#inserts.set(sql, [parameters])
    this.#rows++
  }
}

/** Sink for rows. */
export interface Sink {
  write(inserts: ReturnType<RowCollector['empty']>): Promise<void>
  close(): Promise<void>
}

/** A connection of its own, which need not be safe: what is lost in a crash is only a benchmark. */
export function sqliteSink(file: string): Sink {
  const db = new DatabaseSync(file)
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; PRAGMA busy_timeout = 60000')
  return {
    async write(inserts) {
      db.exec('BEGIN IMMEDIATE')
      for (const [sql, rows] of inserts) {
        const statement = db.prepare(sql)
        // as: what the product's own statements bind
        for (const row of rows) statement.run(...(row as (string | number | null | Uint8Array)[]))
      }
      db.exec('COMMIT')
    },
    async close() {
      db.close()
    },
  }
}

/** The most parameters of one statement of the protocol. */
const MAX_PARAMETERS = 60_000

export async function postgresSink(url: string): Promise<Sink> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('SET synchronous_commit = off')
  return {
    async write(inserts) {
      await client.query('BEGIN')
      for (const [sql, rows] of inserts) {
        const [whole = '', head, values = '', tail] =
          /^(.*? values )(\((?:\?, )*\?\))(.*)$/.exec(sql) ?? []
        if (whole !== sql) throw new Error(`not one row: ${sql}`)
        const width = values.split('?').length - 1
        const most = Math.floor(MAX_PARAMETERS / width)
        for (let from = 0; from < rows.length; from += most) {
          const some = rows.slice(from, from + most)
          const tuples = some.map((_, i) => tupleOf(i * width, width))
          await client.query(`${head}${tuples.join(', ')}${tail}`, some.flat())
        }
      }
      await client.query('COMMIT')
    },
    async close() {
      await client.query('ANALYZE') // what autovacuum does within a minute
      await client.end()
    },
  }
}

function tupleOf(from: number, width: number): string {
  return `(${Array.from({ length: width }, (_, i) => `$${from + i + 1}`).join(', ')})`
}
