import type { Kysely } from 'kysely'
import type { StoredTable, TableColumns } from './build.ts'
import { codecOf } from './codec.ts'
import type { RowsOf, Schema } from './schema.ts'
import type { Treatment } from './tables/treatment.ts'

/**
 * Table of a module: what a backup does with it, its columns, and what an account that is erased leaves in it, where it has a column
 * `person_id`.
 */
export function table<const C extends TableColumns>(
  treatment: Treatment,
  columns: C,
  leaves?: StoredTable['leaves'],
) {
  return { treatment, columns, leaves }
}

type ColumnsOf<T extends Readonly<Record<string, StoredTable>>> = {
  [N in keyof T]: T[N]['columns']
}

/** Tables of a module, which only its own folder reads and writes. */
export class ModuleTables<T extends Readonly<Record<string, StoredTable>>> {
  readonly tables: T

  constructor(tables: T) {
    this.tables = tables
  }

  /** Types statements by these tables as well. */
  in(db: Kysely<Schema>): Kysely<Schema & RowsOf<ColumnsOf<T>>> {
    return db as unknown as Kysely<Schema & RowsOf<ColumnsOf<T>>> // as: the migrations of the module made them
  }

  /** Makes the codec of one of them. See `codec`. */
  codec<N extends keyof T & string, W extends keyof T[N]['columns'] = never>(
    name: N,
    ...without: readonly W[]
  ) {
    const { columns }: T[N] = this.tables[name]
    return codecOf<T[N]['columns'], W>(columns, ...without)
  }
}
