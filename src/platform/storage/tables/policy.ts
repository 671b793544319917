import { integer, json, nullable, text, time } from './column.ts'

export const policy = {
  policy_sets: {
    version: integer,
    text: text,
    schema_text: text,
    digest: text,
    note: text,
    published_by: text,
    published_at: time,
    /** The files that the text was put together from: name and first line of each. */
    files: json,
    /** Tests of the policy set: files of cases. */
    tests: json,
  },
  shadow_drafts: {
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
  },
  shadow_counts: {
    draft: integer,
    replica_id: text,
    seen: integer,
    dropped: integer,
    ungrouped: integer,
  },
  shadow_differences: {
    draft: integer,
    replica_id: text,
    /** Digest of `found`. */
    digest: text,
    /** Kind, agent, action, rules. */
    found: json,
    count: integer,
    /** Ids of decisions. */
    samples: json,
  },
  policy_only_sets: {
    name: text,
    version: integer,
    policies: text,
    schema_text: text,
    entities: text,
    digest: text,
    note: text,
    published_by: text,
    published_at: time,
  },
}
