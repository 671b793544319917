import type { Migration } from './migration.ts'

/** Enforcement points of others that ask for decisions (AuthZEN), and policy sets that answer by themselves. */
export const peps: Migration = {
  version: 7,
  name: 'peps',
  statements: ({ integer, table, text }) => [
    // Named by people; a name is never given out twice.
    table(
      'peps',
      `name ${text} NOT NULL PRIMARY KEY, mode ${text} NOT NULL CHECK (mode IN ('task', 'policy-only')),
       policy_set ${text}, resources ${text}, properties ${integer} NOT NULL CHECK (properties IN (0, 1)),
       names_tasks ${integer} NOT NULL CHECK (names_tasks IN (0, 1)), takes ${integer} NOT NULL CHECK (takes IN (0, 1)),
       created_by ${text} NOT NULL, created_at ${integer} NOT NULL, last_used_at ${integer}, revoked_at ${integer}`,
    ),
    // A secret is kept as its digest, a key as its public half.
    table(
      'pep_credentials',
      `id ${text} NOT NULL PRIMARY KEY, pep ${text} NOT NULL REFERENCES peps (name),
       kind ${text} NOT NULL CHECK (kind IN ('secret', 'key')), digest ${text} NOT NULL UNIQUE, jwk ${text}, kid ${text},
       created_by ${text} NOT NULL, created_at ${integer} NOT NULL, ended_at ${integer}`,
    ),
    'CREATE INDEX pep_credentials_by_pep ON pep_credentials (pep)',
    // INVARIANT: a version is never changed; the highest of a name is the one in force.
    table(
      'policy_only_sets',
      `name ${text} NOT NULL, version ${integer} NOT NULL, policies ${text} NOT NULL, schema_text ${text} NOT NULL,
       entities ${text} NOT NULL, digest ${text} NOT NULL, note ${text} NOT NULL, published_by ${text} NOT NULL,
       published_at ${integer} NOT NULL, PRIMARY KEY (name, version)`,
    ),
  ],
}
