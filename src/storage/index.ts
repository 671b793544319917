export type { Schema } from './schema.ts'
export type { Committed, Reader, Step, Storage, Tx } from './storage.ts'
