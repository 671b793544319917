import { type Statements, shortened } from '../portable-sql.ts'

/** Tables of decisions. */
export const decisions: Statements = ({ bytes, engine, integer, table, text }) => [
  table(
    'decisions',
    `id ${text} NOT NULL PRIMARY KEY, task_id ${text}, person_id ${text}, agent_id ${text},
     resource ${text}, action ${text},
     outcome ${text} NOT NULL CHECK (outcome IN ('permit', 'deny', 'requestable')),
     reason ${text} NOT NULL, call_hash ${text}, policy_version ${integer}, request_id ${text},
     explanation ${text} NOT NULL,
     state ${text} NOT NULL CHECK (state IN ('decided', 'sending', 'answered', 'not_sent', 'failed', 'indeterminate')),
     status ${integer}, replica_id ${text} NOT NULL, at ${integer} NOT NULL, ended_at ${integer},
     allowance_id ${text}, inputs ${text}, setting ${text}, presumed_at ${integer}`,
  ),
  ...shortened(engine, 'decisions.explanation', 'decisions.inputs'),
  'CREATE INDEX decisions_by_task ON decisions (task_id, at)',
  'CREATE INDEX decisions_by_person ON decisions (person_id, at)',
  'CREATE INDEX decisions_by_agent ON decisions (agent_id, at)',
  'CREATE INDEX decisions_by_time ON decisions (at)',
  'CREATE INDEX decisions_by_state ON decisions (state, replica_id)',
  'CREATE INDEX decisions_by_request ON decisions (request_id) WHERE request_id IS NOT NULL',
  'CREATE INDEX decisions_by_allowance ON decisions (allowance_id) WHERE allowance_id IS NOT NULL',
  table('decision_settings', `digest ${text} NOT NULL PRIMARY KEY, value ${text} NOT NULL`),
  // Answers of approved calls, for a caller who lost the first one. The call is never executed again.
  table(
    'kept_results',
    `decision_id ${text} NOT NULL PRIMARY KEY, sealed ${bytes} NOT NULL,
     expires_at ${integer} NOT NULL`,
  ),
  'CREATE INDEX kept_results_by_expiry ON kept_results (expires_at)',
  table(
    'mcp_tasks',
    `id ${text} NOT NULL PRIMARY KEY, decision_id ${text} NOT NULL UNIQUE, task_id ${text} NOT NULL,
     resource ${text} NOT NULL, state ${text} NOT NULL CHECK (state IN ('open', 'ended', 'cancelled')),
     sealed ${bytes} NOT NULL, created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL`,
  ),
  'CREATE INDEX mcp_tasks_by_task ON mcp_tasks (task_id, state)',
  'CREATE INDEX mcp_tasks_by_expiry ON mcp_tasks (expires_at)',
  table(
    'mcp_logging',
    `session ${text} NOT NULL PRIMARY KEY, level ${text} NOT NULL,
     quiet ${integer} NOT NULL CHECK (quiet IN (0, 1)), expires_at ${integer} NOT NULL`,
  ),
  'CREATE INDEX mcp_logging_by_expiry ON mcp_logging (expires_at)',
  table(
    'notices',
    `id ${text} NOT NULL PRIMARY KEY, recipient ${text} NOT NULL, decision_id ${text} NOT NULL,
     policy ${text} NOT NULL, task_id ${text} NOT NULL, person_id ${text} NOT NULL,
     agent_id ${text} NOT NULL, action ${text} NOT NULL, text ${text} NOT NULL,
     at ${integer} NOT NULL`,
  ),
  'CREATE INDEX notices_by_recipient ON notices (recipient, at)',
  'CREATE INDEX notices_by_decision ON notices (decision_id)',
  table(
    'decision_points',
    `name ${text} NOT NULL PRIMARY KEY, url ${text} NOT NULL, header ${text}, sealed ${bytes},
     resources ${text} NOT NULL, actions ${text} NOT NULL, timeout_ms ${integer} NOT NULL,
     arguments ${integer} NOT NULL CHECK (arguments IN (0, 1)), created_by ${text} NOT NULL,
     created_at ${integer} NOT NULL`,
  ),
]
