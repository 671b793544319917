import type { Statements } from '../portable-sql.ts'

/** Tables of policies, their drafts, and policy-only sets. */
export const policy: Statements = ({ integer, table, text }) => [
  table(
    'policy_sets',
    `version ${integer} NOT NULL PRIMARY KEY, text ${text} NOT NULL, schema_text ${text} NOT NULL,
     digest ${text} NOT NULL, note ${text} NOT NULL, published_by ${text} NOT NULL,
     published_at ${integer} NOT NULL, files ${text} NOT NULL,
     tests ${text} NOT NULL`,
  ),
  table(
    'shadow_drafts',
    `number ${integer} NOT NULL PRIMARY KEY, text ${text} NOT NULL,
     base_version ${integer} NOT NULL, digest ${text} NOT NULL, note ${text} NOT NULL,
     started_by ${text} NOT NULL, started_at ${integer} NOT NULL, ended_at ${integer},
     ended_why ${text} CHECK (ended_why IN ('stopped', 'replaced', 'published'))`,
  ),
  // Each replica writes rows of its own: no replica waits for another.
  table(
    'shadow_counts',
    `draft ${integer} NOT NULL, replica_id ${text} NOT NULL, seen ${integer} NOT NULL,
     dropped ${integer} NOT NULL, ungrouped ${integer} NOT NULL, PRIMARY KEY (draft, replica_id)`,
  ),
  table(
    'shadow_differences',
    `draft ${integer} NOT NULL, replica_id ${text} NOT NULL, digest ${text} NOT NULL,
     found ${text} NOT NULL, count ${integer} NOT NULL, samples ${text} NOT NULL,
     PRIMARY KEY (draft, replica_id, digest)`,
  ),
  // INVARIANT: a version is never changed; the highest of a name is the one in force.
  table(
    'policy_only_sets',
    `name ${text} NOT NULL, version ${integer} NOT NULL, policies ${text} NOT NULL,
     schema_text ${text} NOT NULL, entities ${text} NOT NULL, digest ${text} NOT NULL,
     note ${text} NOT NULL, published_by ${text} NOT NULL, published_at ${integer} NOT NULL,
     PRIMARY KEY (name, version)`,
  ),
]
