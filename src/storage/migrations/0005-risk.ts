import type { Migration } from './migration.ts'

/** What agents usually do, what others say about them, and decision points of others that are asked along. */
export const risk: Migration = {
  version: 5,
  name: 'risk',
  statements: ({ bytes, integer, table, text }) => [
    // catalog: which arguments say whom a call is about, and how large it is
    `ALTER TABLE actions ADD COLUMN counterparty ${text}`,
    `ALTER TABLE actions ADD COLUMN size ${text}`,

    // decisions: what an agent has done before. An empty action: any; an empty counterparty: whoever.
    table(
      'agent_habits',
      `agent_id ${text} NOT NULL, action ${text} NOT NULL, counterparty ${text} NOT NULL, first_at ${integer} NOT NULL,
       first_by ${text} NOT NULL, last_at ${integer} NOT NULL, PRIMARY KEY (agent_id, action, counterparty)`,
      'clustered',
    ),
    'CREATE INDEX agent_habits_by_last ON agent_habits (last_at)',
    // How large its calls were, by day. Shards, so that calls of one size do not wait for each other.
    table(
      'action_sizes',
      `agent_id ${text} NOT NULL, action ${text} NOT NULL, path ${text} NOT NULL, day ${integer} NOT NULL,
       bucket ${integer} NOT NULL, shard ${integer} NOT NULL, count ${integer} NOT NULL,
       PRIMARY KEY (agent_id, action, path, day, bucket, shard)`,
      'clustered',
    ),
    'CREATE INDEX action_sizes_by_day ON action_sizes (day)',

    // decisions: what other systems say about agents, people and tasks
    table(
      'risk_signals',
      `subject_kind ${text} NOT NULL CHECK (subject_kind IN ('agent', 'person', 'task')), subject_id ${text} NOT NULL,
       signal ${text} NOT NULL, source ${text} NOT NULL,
       level ${text} NOT NULL CHECK (level IN ('low', 'medium', 'high', 'critical')), raised_at ${integer} NOT NULL,
       expires_at ${integer} NOT NULL, PRIMARY KEY (subject_kind, subject_id, signal, source)`,
    ),
    'CREATE INDEX risk_signals_by_expiry ON risk_signals (expires_at)',
    table(
      'signal_sources',
      `id ${text} NOT NULL PRIMARY KEY, name ${text} NOT NULL UNIQUE, digest ${text} NOT NULL UNIQUE,
       created_by ${text} NOT NULL, created_at ${integer} NOT NULL, last_used_at ${integer}, revoked_at ${integer}`,
    ),

    // decisions: AuthZEN decision points that are asked along
    table(
      'decision_points',
      `name ${text} NOT NULL PRIMARY KEY, url ${text} NOT NULL, header ${text}, sealed ${bytes}, resources ${text} NOT NULL,
       actions ${text} NOT NULL, timeout_ms ${integer} NOT NULL,
       arguments ${integer} NOT NULL CHECK (arguments IN (0, 1)), created_by ${text} NOT NULL, created_at ${integer} NOT NULL`,
    ),
  ],
}
