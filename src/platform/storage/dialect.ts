import {
  type BinaryOperationNode,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  OperatorNode,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  PrimitiveValueListNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  ValueListNode,
} from 'kysely'
import type { Storage } from './storage.ts'

/** Kysely would let SQLite transactions wait for each other here, behind one that hangs. Ours wait in the writer. */
class SqliteWriterAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }

  /** SQLite rolls CREATE and ALTER back like everything else; Kysely's own says no because of drivers that it cannot know. */
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/**
 * Kysely's own lock ends before the transaction that the migrations run in, and another replica would begin between the two.
 * `Storage.exclusively` holds one from BEGIN to COMMIT.
 */
class PostgresWithoutMigrationLock extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

/** PostgreSQL has no empty lists: nothing is in one, and everything is outside of it. SQLite says so of `in ()` by itself. */
class PostgresWithEmptyLists extends PostgresQueryCompiler {
  override visitBinaryOperation(node: BinaryOperationNode): void {
    const { operator, rightOperand: list } = node
    const word = OperatorNode.is(operator) ? operator.operator : undefined
    const isList = PrimitiveValueListNode.is(list) || ValueListNode.is(list)
    const isEmpty = isList && list.values.length === 0
    if (isEmpty && (word === 'in' || word === 'not in')) this.append(String(word === 'not in'))
    else super.visitBinaryOperation(node)
  }
}

/**
 * Connections that statements are sent over. A pool, a thread and a file all look like this to
 * Kysely.
 */
export type Connections = Omit<Driver, 'init' | 'destroy'>

/** Kysely's SQL for one of the engines, sent over connections of our own. */
export function dialectOver(engine: Storage['engine'], connections: Connections): Dialect {
  const driver: Driver = Object.assign(connections, {
    init: async () => {},
    destroy: async () => {},
  })
  return engine === 'sqlite'
    ? {
        createDriver: () => driver,
        createAdapter: () => new SqliteWriterAdapter(),
        createQueryCompiler: () => new SqliteQueryCompiler(),
        createIntrospector: (db) => new SqliteIntrospector(db),
      }
    : {
        createDriver: () => driver,
        createAdapter: () => new PostgresWithoutMigrationLock(),
        createQueryCompiler: () => new PostgresWithEmptyLists(),
        createIntrospector: (db) => new PostgresIntrospector(db),
      }
}

/** Connections for reading: always the last committed state, so a transaction over them makes no sense. */
export function forReading(
  acquire: () => Promise<DatabaseConnection>,
  release: (connection: DatabaseConnection) => Promise<void>,
): Connections {
  const refuseTransaction = async () => {
    throw new Error('storage.read does not do transactions; use storage.transaction')
  }
  return {
    acquireConnection: acquire,
    releaseConnection: release,
    beginTransaction: refuseTransaction,
    commitTransaction: refuseTransaction,
    rollbackTransaction: refuseTransaction,
  }
}

/** Refuses to stream, for every connection of ours: rows are asked for in pages. */
export function noStreaming(): never {
  throw new Error('storage does not stream: page with a key and a limit')
}
