/** Rows of drafts that run beside the policies in force. See `../schema.ts`. */
import type { JsonText, Millis } from './column.ts'

export interface ShadowDraftRow {
  /** Number of the draft, from 1. */
  number: number
  text: string
  /** Version that it is compared with: it ends when another one is in force. */
  base_version: number
  digest: string
  note: string
  started_by: string
  started_at: Millis
  ended_at: Millis | null
  /** `stopped`, `replaced`, `published` */
  ended_why: string | null
}

export interface ShadowCountRow {
  draft: number
  replica_id: string
  seen: number
  dropped: number
  ungrouped: number
}

export interface ShadowDifferenceRow {
  draft: number
  replica_id: string
  /** Digest of `found`. */
  digest: string
  /** Kind, agent, action, rules. */
  found: JsonText
  count: number
  /** Ids of decisions. */
  samples: JsonText
}
