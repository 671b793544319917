import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { RowSet } from './messages.ts'

/** Statements are prepared once per text; this many are kept. */
const MAX_STATEMENTS = 500

interface PreparedStatement {
  readonly statement: StatementSync
  readonly reads: boolean
}

/** Runs one statement at a time on one open database. */
export class Statements {
  readonly #db: DatabaseSync
  readonly #prepared = new Map<string, PreparedStatement>()

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  run(sql: string, parameters: readonly unknown[]): RowSet {
    const { statement, reads } = this.#prepare(sql)
    const values = parameters as SQLInputValue[] // as: node:sqlite itself refuses what it cannot bind
    if (!reads) return { rows: [], changes: Number(statement.run(...values).changes) }
    // Rows come without a prototype; plain objects compare equal to those of the other engine.
    const rows = statement.all(...values).map((row) => ({ ...row }))
    return { rows, changes: rows.length }
  }

  #prepare(sql: string): PreparedStatement {
    const known = this.#prepared.get(sql)
    if (known) return known
    const statement = this.#db.prepare(sql)
    const prepared = { statement, reads: statement.columns().length > 0 }
    if (this.#prepared.size >= MAX_STATEMENTS) this.#prepared.clear()
    this.#prepared.set(sql, prepared)
    return prepared
  }
}
