import type { Migration } from './migration.ts'

/** MCP servers, children, autonomous and interactive tasks, budgets, allowances, and APIs that ask by themselves. */
export const breadth: Migration = {
  version: 2,
  name: 'breadth',
  statements: ({ bytes, integer, table, text }) => [
    // catalog: what speaks MCP, and what its server said when it was reviewed
    `ALTER TABLE resources ADD COLUMN protocol ${text} NOT NULL DEFAULT 'http' CHECK (protocol IN ('http', 'mcp'))`,
    `ALTER TABLE resources ADD COLUMN server ${text}`,
    `ALTER TABLE actions ADD COLUMN definition ${text}`,

    // agents that registered themselves, and the rules that let them in
    `ALTER TABLE agents ADD COLUMN admission ${text}`,
    table(
      'admission_rules',
      `name ${text} NOT NULL PRIMARY KEY, mode ${text} NOT NULL CHECK (mode IN ('dynamic')), redirect_hosts ${text} NOT NULL,
       trust ${integer} NOT NULL CHECK (trust BETWEEN 0 AND 3), ceiling ${text} NOT NULL, may_delegate ${text},
       owner_id ${text} NOT NULL, created_by ${text} NOT NULL, created_at ${integer} NOT NULL`,
    ),

    // tasks
    `ALTER TABLE tasks ADD COLUMN opened_by ${text} NOT NULL DEFAULT 'exchange'
       CHECK (opened_by IN ('exchange', 'sponsor', 'code', 'child'))`,
    `ALTER TABLE tasks ADD COLUMN sponsored ${integer} NOT NULL DEFAULT 0 CHECK (sponsored IN (0, 1))`,
    `ALTER TABLE tasks ADD COLUMN sponsor_grant_id ${text}`,
    `ALTER TABLE tasks ADD COLUMN budget ${text} NOT NULL DEFAULT '[]'`,
    'CREATE INDEX tasks_by_sponsor_grant ON tasks (sponsor_grant_id, opened_at) WHERE sponsor_grant_id IS NOT NULL',
    table(
      'sponsor_grants',
      `id ${text} NOT NULL PRIMARY KEY, agent_id ${text} NOT NULL, person_id ${text} NOT NULL, purpose ${text} NOT NULL,
       details ${text} NOT NULL, may_delegate ${text}, budget ${text} NOT NULL, schedule ${text},
       rate_tasks ${integer}, rate_seconds ${integer}, created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL,
       ended_at ${integer}`,
    ),
    'CREATE INDEX sponsor_grants_by_agent ON sponsor_grants (agent_id, ended_at)',
    'CREATE INDEX sponsor_grants_by_person ON sponsor_grants (person_id, ended_at)',
    // Amounts are whole numbers: calls, or ten-thousandths of what is summed.
    table(
      'budgets',
      `task_id ${text} NOT NULL REFERENCES tasks (id), name ${text} NOT NULL, most ${integer} NOT NULL,
       used ${integer} NOT NULL CHECK (used >= 0 AND used <= most), PRIMARY KEY (task_id, name)`,
    ),
    table(
      'budget_uses',
      `decision_id ${text} NOT NULL, task_id ${text} NOT NULL, name ${text} NOT NULL, amount ${integer} NOT NULL,
       PRIMARY KEY (decision_id, task_id, name)`,
    ),

    // approvals: standing answers
    `ALTER TABLE approval_answers ADD COLUMN standing ${text}`,
    table(
      'allowances',
      `id ${text} NOT NULL PRIMARY KEY, request_id ${text} NOT NULL REFERENCES access_requests (id), task_id ${text},
       agent_id ${text} NOT NULL, person_id ${text} NOT NULL, chain ${text} NOT NULL,
       sponsored ${integer} NOT NULL CHECK (sponsored IN (0, 1)), resource ${text} NOT NULL, upstream ${text} NOT NULL,
       action ${text} NOT NULL, definition ${text} NOT NULL, pattern ${text} NOT NULL, ask ${text} NOT NULL,
       text ${text} NOT NULL, uses ${integer}, uses_left ${integer} CHECK (uses_left BETWEEN 0 AND uses),
       created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL, last_used_at ${integer}, ended_at ${integer},
       ended_by ${text}`,
    ),
    'CREATE INDEX allowances_by_subject ON allowances (person_id, agent_id, action)',
    'CREATE INDEX allowances_by_task ON allowances (task_id) WHERE task_id IS NOT NULL',
    'CREATE INDEX allowances_by_request ON allowances (request_id)',
    'CREATE INDEX allowances_in_force ON allowances (expires_at) WHERE ended_at IS NULL',

    // decisions
    `ALTER TABLE decisions ADD COLUMN allowance_id ${text}`,
    'CREATE INDEX decisions_by_allowance ON decisions (allowance_id) WHERE allowance_id IS NOT NULL',
    // Answers of calls that people approved: told again to a caller who lost the first one, never executed again.
    table(
      'kept_results',
      `decision_id ${text} NOT NULL PRIMARY KEY, sealed ${bytes} NOT NULL, expires_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX kept_results_by_expiry ON kept_results (expires_at)',

    // tokens of clients that cannot prove possession (contract 4): opaque, only their digests are kept
    table(
      'bearer_tokens',
      `digest ${text} NOT NULL PRIMARY KEY, id ${text} NOT NULL, task_id ${text} NOT NULL, resource ${text} NOT NULL,
       epochs ${text} NOT NULL, details ${text} NOT NULL, issued_at ${integer} NOT NULL, expires_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX bearer_tokens_by_expiry ON bearer_tokens (expires_at)',
    table(
      'refresh_tokens',
      `digest ${text} NOT NULL PRIMARY KEY, task_id ${text} NOT NULL, client_id ${text} NOT NULL, resource ${text} NOT NULL,
       scope ${text}, issued_at ${integer} NOT NULL, expires_at ${integer} NOT NULL, used_at ${integer}`,
    ),
    'CREATE INDEX refresh_tokens_by_task ON refresh_tokens (task_id)',
    'CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at)',

    // tasks: a client at the authorization endpoint, what the person answered, and the task that came of it
    table(
      'authorizations',
      `id ${text} NOT NULL PRIMARY KEY, client_id ${text} NOT NULL, client_name ${text} NOT NULL, redirect_uri ${text} NOT NULL,
       redirect_uris ${text} NOT NULL, resource ${text} NOT NULL, scope ${text}, browser ${text} NOT NULL,
       state ${text} NOT NULL CHECK (state IN ('pending', 'granted', 'denied', 'used')), person_id ${text}, details ${text},
       basis_id ${text}, task_id ${text}, created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX authorizations_by_client ON authorizations (client_id, person_id)',
    'CREATE INDEX authorizations_by_expiry ON authorizations (expires_at)',

    // enforcement points of direct resources: how an API that asks per call authenticates
    table(
      'enforcers',
      `id ${text} NOT NULL PRIMARY KEY, digest ${text} NOT NULL UNIQUE, resource ${text} NOT NULL REFERENCES resources (name),
       created_by ${text} NOT NULL, created_at ${integer} NOT NULL, last_used_at ${integer}, revoked_at ${integer}`,
    ),
    'CREATE INDEX enforcers_by_resource ON enforcers (resource)',
  ],
}
