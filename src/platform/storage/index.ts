export {
  type ModuleSchema,
  type StorageBuild,
  type StoredTable,
  storageBuild,
  tablesOf,
} from './build.ts'
export { codec } from './codec.ts'
export {
  consumeOnce,
  consumeOnceStep,
  forgetUsed,
  returnUseStep,
  wasProofUsed,
  wasUsed,
} from './consume-once.ts'
export { DiskGuard, type DiskLevel, freeBytesOf, ROOM_IN_WORDS } from './disk-guard.ts'
export { isDuplicate } from './failure.ts'
export { Guard, OVERTAKEN, type WriteConflict } from './guard.ts'
export { keptQuery } from './kept-query.ts'
export {
  finishMigrations,
  neededSchema,
  requireKnownSchema,
  requireSupported,
  schemaNames,
} from './migrate.ts'
export type { Migrations, Statements } from './migrations/index.ts'
export { ModuleTables, table } from './module-tables.ts'
export {
  emptyDataDirectory,
  examineDatabase,
  migrate,
  migrationPlan,
  openSnapshot,
  openStorage,
  type StorageOptions,
} from './open.ts'
export { rehearse } from './rehearsal.ts'
export { type Schema, TABLES } from './schema.ts'
export { insertRows, loading, tableInUse } from './snapshot/load.ts'
export type { Snapshot, StoredRow, StoredValue } from './snapshot/snapshot.ts'
export type { CommitResult, Reader, Step, Storage, Tx } from './storage.ts'
export * as columns from './tables/column.ts'
