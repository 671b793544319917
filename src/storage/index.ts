export { codec } from './codec.ts'
export { consumeOnce, consumeOnceStep, forgetUsed, wasUsed } from './consume-once.ts'
export { DiskGuard, type DiskRoom, freeBytesOf, ROOM_IN_WORDS } from './disk-guard.ts'
export { isDuplicate } from './failure.ts'
export { Guard, OVERTAKEN, type OvertakenMark } from './guard.ts'
export { keptQuery } from './kept-query.ts'
export type { MigrationResult } from './migrate.ts'
export {
  emptyDataDirectory,
  migrate,
  openStorage,
  type StorageOptions,
  schemaVersion,
} from './open.ts'
export type { Schema } from './schema.ts'
export type { CommitResult, Lane, Reader, Step, Storage, Tx } from './storage.ts'
