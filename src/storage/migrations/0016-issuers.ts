import type { Migration } from './migration.ts'

/** Issuers of others that are trusted: whom they vouch for, which tokens were shown, and the tasks that rest on them. */
export const issuers: Migration = {
  version: 16,
  name: 'issuers',
  statements: ({ integer, bytes, table, text }) => [
    // Named by people; a name is never given out twice. `agents`: how many it vouches for.
    table(
      'trusted_issuers',
      `name ${text} NOT NULL PRIMARY KEY, kind ${text} NOT NULL CHECK (kind IN ('oauth', 'spiffe')), issuer ${text} NOT NULL,
       tenant_claim ${text}, tenant_value ${text}, subject_prefix ${text}, keys ${text} NOT NULL, algorithms ${text} NOT NULL, uses ${text} NOT NULL,
       audience ${text}, rules ${text} NOT NULL, access ${text}, sealed_secret ${bytes},
       trust ${integer} NOT NULL CHECK (trust BETWEEN 0 AND 3), ceiling ${text},
       most_agents ${integer} NOT NULL CHECK (most_agents >= 0), agents ${integer} NOT NULL CHECK (agents BETWEEN 0 AND most_agents),
       most_life_seconds ${integer} NOT NULL CHECK (most_life_seconds > 0), bearer ${integer} NOT NULL CHECK (bearer IN (0, 1)),
       owner_id ${text} NOT NULL, contact ${text} NOT NULL, expires_at ${integer},
       state ${text} NOT NULL CHECK (state IN ('active', 'suspended', 'revoked')), created_by ${text} NOT NULL,
       created_at ${integer} NOT NULL`,
    ),
    // INVARIANT: a token matches one registration at most.
    `CREATE UNIQUE INDEX trusted_issuers_by_issuer ON trusted_issuers (issuer, COALESCE(tenant_value, ''))
       WHERE state <> 'revoked'`,
    `ALTER TABLE agents ADD COLUMN issuer ${text}`,
    // A subject is one agent for ever, within the registration that vouches for it.
    table(
      'workloads',
      `issuer ${text} NOT NULL, subject ${text} NOT NULL, agent_id ${text} NOT NULL, created_at ${integer} NOT NULL,
       PRIMARY KEY (issuer, subject)`,
    ),
    'CREATE INDEX workloads_by_agent ON workloads (agent_id)',
    // A platform's token may be shown again until it expires, by the agent that showed it first.
    table(
      'workload_tokens',
      `digest ${text} NOT NULL PRIMARY KEY, agent_id ${text} NOT NULL, expires_at ${integer} NOT NULL`,
      'clustered',
    ),
    'CREATE INDEX workload_tokens_by_expiry ON workload_tokens (expires_at)',
    // The one task that an access token of a foreign server opened.
    table(
      'foreign_tokens',
      `digest ${text} NOT NULL PRIMARY KEY, task_id ${text} NOT NULL, expires_at ${integer} NOT NULL`,
      'clustered',
    ),
    'CREATE INDEX foreign_tokens_by_expiry ON foreign_tokens (expires_at)',
    `ALTER TABLE tasks ADD COLUMN issuers ${text} NOT NULL DEFAULT '[]'`,
    // To find what rests on an issuer that has ended.
    table(
      'task_issuers',
      `issuer ${text} NOT NULL, task_id ${text} NOT NULL, PRIMARY KEY (issuer, task_id)`,
      'clustered',
    ),
    // Without a CHECK: which ways of opening there are, the types say.
    `ALTER TABLE tasks ADD COLUMN opened_how ${text} NOT NULL DEFAULT 'exchange'`,
    'UPDATE tasks SET opened_how = opened_by',
    'ALTER TABLE tasks DROP COLUMN opened_by',
    'ALTER TABLE tasks RENAME COLUMN opened_how TO opened_by',
  ],
}
