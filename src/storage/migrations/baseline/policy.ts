import type { Statements } from '../portable-sql.ts'

/** Tables of policies, their drafts, and the enforcement points that ask. */
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
  // A name is never given out twice.
  table(
    'peps',
    `name ${text} NOT NULL PRIMARY KEY,
     mode ${text} NOT NULL CHECK (mode IN ('task', 'policy-only', 'issuance')),
     issuing ${text}, policy_set ${text}, resources ${text}, properties ${integer} NOT NULL CHECK (properties IN (0, 1)),
     names_tasks ${integer} NOT NULL CHECK (names_tasks IN (0, 1)),
     takes ${integer} NOT NULL CHECK (takes IN (0, 1)), created_by ${text} NOT NULL,
     created_at ${integer} NOT NULL, last_used_at ${integer}, revoked_at ${integer},
     CHECK ((mode = 'issuance') = (issuing IS NOT NULL))`,
  ),
  // A secret is stored as its digest, a key as its public half.
  table(
    'pep_credentials',
    `id ${text} NOT NULL PRIMARY KEY, pep ${text} NOT NULL REFERENCES peps (name),
     kind ${text} NOT NULL CHECK (kind IN ('secret', 'key')), digest ${text} NOT NULL UNIQUE,
     jwk ${text}, kid ${text}, created_by ${text} NOT NULL, created_at ${integer} NOT NULL,
     ended_at ${integer}`,
  ),
  'CREATE INDEX pep_credentials_by_pep ON pep_credentials (pep)',
  // INVARIANT: a version is never changed; the highest of a name is the one in force.
  table(
    'policy_only_sets',
    `name ${text} NOT NULL, version ${integer} NOT NULL, policies ${text} NOT NULL,
     schema_text ${text} NOT NULL, entities ${text} NOT NULL, digest ${text} NOT NULL,
     note ${text} NOT NULL, published_by ${text} NOT NULL, published_at ${integer} NOT NULL,
     PRIMARY KEY (name, version)`,
  ),
]
