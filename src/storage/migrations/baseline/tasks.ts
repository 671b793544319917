import type { Statements } from '../portable-sql.ts'

/** Tables of tasks: the bases they rest on, the ways in which they open, and their limits. */
export const tasks: Statements = ({ bytes, integer, table, text }) => [
  table(
    'bases',
    `id ${text} NOT NULL PRIMARY KEY, person_id ${text} NOT NULL, agent_id ${text} NOT NULL,
     kind ${text} NOT NULL, details ${text} NOT NULL, granted_by ${text} NOT NULL,
     created_at ${integer} NOT NULL, expires_at ${integer}, ended_at ${integer}`,
  ),
  'CREATE INDEX bases_by_agent ON bases (agent_id, created_at)',
  'CREATE INDEX bases_by_person ON bases (person_id, agent_id, created_at, id)',
  table(
    'consent_requests',
    `id ${text} NOT NULL PRIMARY KEY, agent_id ${text} NOT NULL, person_id ${text} NOT NULL,
     purpose ${text} NOT NULL, details ${text} NOT NULL, state ${text} NOT NULL,
     basis_id ${text} REFERENCES bases (id), created_at ${integer} NOT NULL,
     expires_at ${integer} NOT NULL, asked_by ${text}, message ${text}, asked_from ${text},
     auth_time ${integer}, actors ${text} NOT NULL, acr ${text}`,
  ),
  'CREATE INDEX consent_requests_by_expiry ON consent_requests (state, expires_at)',
  `CREATE INDEX consent_requests_asked ON consent_requests (person_id, created_at)
     WHERE asked_by IS NOT NULL`,
  // Without the time at the end, planners prefer the index by expiry.
  'CREATE INDEX consent_requests_by_person ON consent_requests (person_id, state, expires_at)',
  `CREATE INDEX consent_requests_by_agent ON consent_requests
     (agent_id, person_id, state, expires_at)`,
  table(
    'deferrals',
    `digest ${text} NOT NULL PRIMARY KEY,
     flow ${text} NOT NULL CHECK (flow IN ('deferred', 'ciba', 'device')),
     agent_id ${text} NOT NULL, thumbprint ${text}, person_id ${text},
     consent_id ${text} REFERENCES consent_requests (id), request ${text} NOT NULL,
     request_hash ${text} NOT NULL, code ${bytes} NOT NULL,
     state ${text} NOT NULL CHECK (state IN ('pending', 'redeemed', 'cancelled')),
     task_id ${text}, pause ${integer} NOT NULL, polled_at ${integer}, user_code ${text} UNIQUE,
     notify_at ${text}, notify_token ${bytes}, notified_at ${integer},
     created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL`,
  ),
  'CREATE INDEX deferrals_by_request ON deferrals (agent_id, request_hash)',
  'CREATE INDEX deferrals_by_consent ON deferrals (consent_id)',
  'CREATE INDEX deferrals_by_end ON deferrals (expires_at)',
  `CREATE INDEX deferrals_to_tell ON deferrals (created_at)
     WHERE notify_at IS NOT NULL AND notified_at IS NULL AND state = 'pending'`,
  // Without those that have ended, which are remembered for a day.
  "CREATE INDEX deferrals_waiting ON deferrals (agent_id, expires_at) WHERE state = 'pending'",
  table(
    'authorizations',
    `id ${text} NOT NULL PRIMARY KEY, client_id ${text} NOT NULL, client_name ${text} NOT NULL,
     redirect_uri ${text} NOT NULL, redirect_uris ${text} NOT NULL, resource ${text} NOT NULL,
     scope ${text}, browser ${text} NOT NULL,
     state ${text} NOT NULL CHECK (state IN ('pending', 'granted', 'denied', 'used')),
     person_id ${text}, details ${text}, basis_id ${text}, task_id ${text},
     created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL, auth_time ${integer},
     acr ${text}, step_up ${text}, asked_details ${text},
     may_defer ${integer} NOT NULL CHECK (may_defer IN (0, 1)), proves ${text}, software_id ${text},
     announces_key ${integer} NOT NULL CHECK (announces_key IN (0, 1))`,
  ),
  'CREATE INDEX authorizations_by_client ON authorizations (client_id, person_id)',
  'CREATE INDEX authorizations_by_expiry ON authorizations (expires_at)',
  table(
    'sponsor_grants',
    `id ${text} NOT NULL PRIMARY KEY, agent_id ${text} NOT NULL, person_id ${text} NOT NULL,
     purpose ${text} NOT NULL, details ${text} NOT NULL, may_delegate ${text},
     budget ${text} NOT NULL, schedule ${text}, rate_tasks ${integer}, rate_seconds ${integer},
     created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL, ended_at ${integer}`,
  ),
  'CREATE INDEX sponsor_grants_by_agent ON sponsor_grants (agent_id, ended_at)',
  'CREATE INDEX sponsor_grants_by_person ON sponsor_grants (person_id, ended_at)',
  'CREATE INDEX sponsor_grants_newest ON sponsor_grants (created_at)',
  table(
    'tasks',
    `id ${text} NOT NULL PRIMARY KEY, root_id ${text} NOT NULL,
     parent_id ${text} REFERENCES tasks (id), person_id ${text} NOT NULL,
     agent_id ${text} NOT NULL, purpose ${text} NOT NULL, details ${text} NOT NULL,
     may_delegate ${text} NOT NULL, bases ${text} NOT NULL, space_id ${text},
     key_thumbprint ${text}, shares_key ${integer} NOT NULL CHECK (shares_key IN (0, 1)),
     state ${text} NOT NULL CHECK (state IN ('requested', 'open', 'suspended', 'closed')),
     opened_at ${integer} NOT NULL, deadline ${integer} NOT NULL, closed_at ${integer},
     close_reason ${text}, sponsored ${integer} NOT NULL CHECK (sponsored IN (0, 1)),
     sponsor_grant_id ${text}, budget ${text} NOT NULL, thread_id ${text},
     auth_time ${integer}, acr ${text}, issuers ${text} NOT NULL,
     opened_by ${text} NOT NULL, actors ${text} NOT NULL`,
  ),
  // INVARIANT: a task key is never accepted for a second task (contract 4), whatever became of the first.
  'CREATE UNIQUE INDEX tasks_by_key ON tasks (key_thumbprint) WHERE shares_key = 0',
  'CREATE INDEX tasks_by_root ON tasks (root_id)',
  'CREATE INDEX tasks_by_parent ON tasks (parent_id) WHERE parent_id IS NOT NULL',
  'CREATE INDEX tasks_by_person ON tasks (person_id, state, opened_at)',
  'CREATE INDEX tasks_by_agent ON tasks (agent_id, state, opened_at)',
  'CREATE INDEX tasks_by_space ON tasks (space_id, state) WHERE space_id IS NOT NULL',
  'CREATE INDEX tasks_by_opening ON tasks (opened_at)',
  `CREATE INDEX tasks_by_sponsor_grant ON tasks (sponsor_grant_id, opened_at)
     WHERE sponsor_grant_id IS NOT NULL`,
  "CREATE INDEX tasks_due ON tasks (deadline) WHERE state <> 'closed'",
  'CREATE INDEX tasks_by_state ON tasks (state, opened_at)',
  // Only of tasks that are not closed: finds what rests on an issuer that has ended.
  table(
    'task_issuers',
    `issuer ${text} NOT NULL, task_id ${text} NOT NULL, PRIMARY KEY (issuer, task_id)`,
    'clustered',
  ),
  'CREATE INDEX task_issuers_by_task ON task_issuers (task_id)',
  // The one task that an access token of a foreign server opened.
  table(
    'foreign_tokens',
    `digest ${text} NOT NULL PRIMARY KEY, task_id ${text} NOT NULL, expires_at ${integer} NOT NULL`,
    'clustered',
  ),
  'CREATE INDEX foreign_tokens_by_expiry ON foreign_tokens (expires_at)',
  table(
    'limits',
    `id ${text} NOT NULL PRIMARY KEY,
     subject_kind ${text} NOT NULL CHECK (subject_kind IN ('organization', 'person', 'agent', 'space')),
     subject_id ${text} NOT NULL, each_task ${integer} NOT NULL CHECK (each_task IN (0, 1)),
     name ${text} NOT NULL, terms ${text} NOT NULL, created_at ${integer} NOT NULL,
     changed_at ${integer} NOT NULL, changed_by ${text} NOT NULL,
     UNIQUE (subject_kind, subject_id, each_task, name)`,
  ),
  // The limit itself is elsewhere: whoever changes it does not wait for those who take from it.
  table(
    'limit_counts',
    `owner ${text} NOT NULL, name ${text} NOT NULL, used ${integer} NOT NULL CHECK (used >= 0),
     window_ms ${integer} CHECK (window_ms > 0), swept_to ${integer} NOT NULL,
     PRIMARY KEY (owner, name)`,
  ),
  table(
    'limit_uses',
    `decision_id ${text} NOT NULL, owner ${text} NOT NULL, name ${text} NOT NULL,
     amount ${integer} NOT NULL, at ${integer}, settles ${text}, reserved ${integer},
     settled_by ${text}, PRIMARY KEY (decision_id, owner, name)`,
  ),
  'CREATE INDEX limit_uses_in_window ON limit_uses (owner, name, at) WHERE at IS NOT NULL',
]
