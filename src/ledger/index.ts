export { ledgerOrigin } from './checkpoint.ts'
export type { WriteFile } from './export.ts'
export {
  type ConsistencyProof,
  type InclusionProof,
  Ledger,
  type LedgerOptions,
  type LedgerRecord,
} from './ledger.ts'
export type { LedgerEvent } from './ledger-event.ts'
