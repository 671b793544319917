import { columns, ModuleTables, table } from '../../platform/storage/index.ts'

const { integer, json, nullable, text, time } = columns

export const ANALYSIS_TABLES = new ModuleTables({
  shadow_drafts: table('kept', {
    /** Number of the draft, from 1. */
    number: integer,
    text: text,
    /** Version that it is compared with: it ends when another one is in force. */
    base_version: integer,
    digest: text,
    note: text,
    started_by: text,
    started_at: time,
    ended_at: nullable(time),
    /** `stopped`, `replaced`, `published` */
    ended_why: nullable(text),
  }),
  shadow_counts: table('kept', {
    draft: integer,
    replica_id: text,
    seen: integer,
    dropped: integer,
    ungrouped: integer,
  }),
  shadow_differences: table('kept', {
    draft: integer,
    replica_id: text,
    /** Digest of `found`. */
    digest: text,
    /** Kind, agent, action, rules. */
    found: json,
    count: integer,
    /** Ids of decisions. */
    samples: json,
  }),
})
