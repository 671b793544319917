import type { Statements } from '../portable-sql.ts'

/** Tables of risk: what agents usually do, and what other systems say about them. */
export const risk: Statements = ({ integer, table, text }) => [
  // An empty action means any action; an empty counterparty means any counterparty.
  table(
    'agent_habits',
    `agent_id ${text} NOT NULL, action ${text} NOT NULL, counterparty ${text} NOT NULL,
     first_at ${integer} NOT NULL, first_by ${text} NOT NULL, last_at ${integer} NOT NULL,
     PRIMARY KEY (agent_id, action, counterparty)`,
    'clustered',
  ),
  'CREATE INDEX agent_habits_by_last ON agent_habits (last_at)',
  // Counts by day, in shards, so that calls of one size do not wait for each other.
  table(
    'action_sizes',
    `agent_id ${text} NOT NULL, action ${text} NOT NULL, path ${text} NOT NULL,
     day ${integer} NOT NULL, bucket ${integer} NOT NULL, shard ${integer} NOT NULL,
     count ${integer} NOT NULL, PRIMARY KEY (agent_id, action, path, day, bucket, shard)`,
    'clustered',
  ),
  'CREATE INDEX action_sizes_by_day ON action_sizes (day)',
  table(
    'risk_signals',
    `subject_kind ${text} NOT NULL CHECK (subject_kind IN ('agent', 'person', 'task')),
     subject_id ${text} NOT NULL, signal ${text} NOT NULL, source ${text} NOT NULL,
     level ${text} NOT NULL CHECK (level IN ('low', 'medium', 'high', 'critical')),
     raised_at ${integer} NOT NULL, expires_at ${integer} NOT NULL,
     PRIMARY KEY (subject_kind, subject_id, signal, source)`,
  ),
  'CREATE INDEX risk_signals_by_expiry ON risk_signals (expires_at)',
  'CREATE INDEX risk_signals_newest ON risk_signals (raised_at)',
]
