/** Rows of storage, live, keys and ledger. See `../schema.ts`. */
import type { Generated } from 'kysely'
import type { JsonText, Millis } from './column.ts'

/** storage: single uses. See `consume-once.ts`. */
export interface UsedOnceRow {
  kind: string
  key: string
  expires_at: Millis
}

export interface MetaRow {
  key: string
  value: string
}

/** live (contract 8). `state` is `active`, `suspended` or `ended`; only `active` permits. */
export interface LiveEpochRow {
  kind: string
  id: string
  epoch: number
  state: string
}

export interface LiveChangeRow {
  seq: Generated<number>
  kind: string
  id: string
  epoch: number
  state: string
  at: Millis
}

export interface LiveReplicaRow {
  id: string
  lease_until: Millis
  acknowledged: number
  started_at: Millis
}

/** keys: private halves are sealed with the master key (AES-256-GCM, row identity as additional data). */
export interface SigningKeyRow {
  kid: string
  purpose: string
  alg: string
  public_jwk: JsonText
  sealed: Uint8Array
  created_at: Millis
  retired_at: Millis | null
  /** Place of the private half. */
  custody: string
}

/**
 * Keys derived from the first master key, and kept: whatever was made with them has to stay the
 * same.
 */
export interface LastingKeyRow {
  purpose: string
  sealed: Uint8Array
  created_at: Millis
}

/** ledger (contract 9) */
export interface LedgerIntakeRow {
  seq: Generated<number>
  record: Uint8Array
  private: JsonText | null
}

export interface LedgerLeafRow {
  position: number
  leaf_hash: Uint8Array
  record: Uint8Array
}

/** Salts and values behind the commitments; erasable without touching the tree. */
export interface LedgerPrivateRow {
  position: number
  private: JsonText
}

export interface LedgerTileRow {
  level: number
  tile: number
  hashes: Uint8Array
}

export interface LedgerHeadRow {
  id: number
  size: number
  fence: number
}

export interface LedgerBreakRow {
  /** History that begins when the break is accepted. */
  history: number
  detail: string
  /** Signed note that is missing, or the empty text. */
  head: string
  size: number
  found_at: Millis
  accepted_at: Millis | null
  accepted_by: string | null
}

export interface LedgerCheckpointRow {
  size: number
  note: string
  at: Millis
}

/** The newest recorded time, in one row. */
export interface RecordedTimeRow {
  id: number
  newest: number
}
