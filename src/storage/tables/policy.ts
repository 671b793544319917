import { flag, integer, json, nullable, oneOf, text, time } from './column.ts'

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
  /** Enforcement points of other systems. */
  peps: {
    name: text,
    mode: oneOf('task', 'policy-only', 'issuance'),
    /** Set for an authorization server that asks before it issues (`issuance`), and for no other. */
    issuing: nullable(json),
    policy_set: nullable(text),
    resources: nullable(json),
    properties: flag,
    names_tasks: flag,
    takes: flag,
    created_by: text,
    created_at: time,
    last_used_at: nullable(time),
    revoked_at: nullable(time),
  },
  pep_credentials: {
    id: text,
    pep: text,
    kind: oneOf('secret', 'key'),
    /** Digest of the secret; thumbprint of a key. */
    digest: text,
    jwk: nullable(json),
    kid: nullable(text),
    created_by: text,
    created_at: time,
    ended_at: nullable(time),
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
