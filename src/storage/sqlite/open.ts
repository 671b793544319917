import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type CompiledQuery, type DatabaseConnection, Kysely } from 'kysely'
import { type Clock, systemClock } from '../../lib/clock.ts'
import { dialectOver, forReading } from '../dialect.ts'
import type { Schema } from '../schema.ts'
import type { Committed, Step, Storage, Tx } from '../storage.ts'
import { connectionTo } from './connection.ts'

export async function openSqlite(directory: string, clock: Clock = systemClock): Promise<Storage> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = join(directory, 'remit.db')
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF')
  const reading = new DatabaseSync(file, { readOnly: true })
  const readConnection = connectionTo(reading)
  const writeConnection = connectionTo(db)
  const listeners = new Map<string, Set<() => void>>()
  let tail: Promise<unknown> = Promise.resolve()
  const next = <T>(work: () => Promise<T>): Promise<T> => {
    const done = tail.then(work)
    tail = done.catch(() => {})
    return done
  }
  const say = (sql: string) => async () => db.exec(sql)
  const writing = new Kysely<Schema>({
    dialect: dialectOver('sqlite', {
      acquireConnection: async () => writeConnection,
      releaseConnection: async () => {},
      beginTransaction: say('BEGIN IMMEDIATE'),
      commitTransaction: say('COMMIT'),
      rollbackTransaction: say('ROLLBACK'),
    }),
  })
  const transaction = <T>(work: (tx: Tx) => Promise<T>) =>
    next(() => writing.transaction().execute(work))
  return {
    engine: 'sqlite',
    read: new Kysely<Schema>({
      dialect: dialectOver(
        'sqlite',
        forReading(
          async () => readConnection,
          async () => {},
        ),
      ),
    }),
    transaction,
    commit: (steps) => next(() => runSteps(db, writeConnection, steps)),
    now: async () => clock.now(),
    notify: (channel) => {
      for (const listener of listeners.get(channel) ?? []) queueMicrotask(listener)
    },
    onNotify: (channel, listener) => {
      const set = listeners.get(channel) ?? new Set()
      listeners.set(channel, set.add(listener))
      return () => set.delete(listener)
    },
    warnings: () => [],
    exclusively: transaction,
    close: () =>
      next(async () => {
        reading.close()
        db.close()
      }),
  }
}

async function runSteps(
  db: DatabaseSync,
  connection: DatabaseConnection,
  steps: readonly Step[],
): Promise<Committed> {
  db.exec('BEGIN IMMEDIATE')
  try {
    for (const step of steps) {
      const query: CompiledQuery = step.query.compile()
      const { numAffectedRows, rows } = await connection.executeQuery(query)
      const touched = Number(numAffectedRows ?? rows.length)
      if (step.rows !== 'any' && step.rows !== touched) {
        db.exec('ROLLBACK')
        return { committed: false, failed: step.name }
      }
    }
    db.exec('COMMIT')
    return { committed: true }
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}
