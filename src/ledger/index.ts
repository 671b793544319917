/** Records, tree, checkpoints and proofs: what happened, for anyone to check. */
export { type Bookkeeping, bookkeepingOf } from './bookkeeping.ts'
export { HeadFile, LineageFile } from './breaks/head-file.ts'
export { ledgerOrigin } from './checkpoint.ts'
export { GatheredRecords } from './gathered-records.ts'
export { Ledger } from './ledger.ts'
export type { LedgerEvent } from './ledger-event.ts'
export type { RefusedCaller } from './repeat-window.ts'
