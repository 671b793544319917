import type { Migration } from './migration.ts'

/** Every table of the walking skeleton. `../schema.ts` says what the columns mean. */
export const ground: Migration = {
  version: 1,
  name: 'ground',
  statements: ({ text, integer, bytes, serial, table }) => [
    table('meta', `key ${text} NOT NULL PRIMARY KEY, value ${text} NOT NULL`),

    // INVARIANT: (kind, key) exists at most once; the whole of `consumeOnce` rests on this key.
    table(
      'used_once',
      `kind ${text} NOT NULL, key ${text} NOT NULL, expires_at ${integer} NOT NULL, PRIMARY KEY (kind, key)`,
      'clustered',
    ),
    'CREATE INDEX used_once_by_expiry ON used_once (expires_at)',

    // live
    table(
      'live_epochs',
      `kind ${text} NOT NULL, id ${text} NOT NULL, epoch ${integer} NOT NULL,
       state ${text} NOT NULL CHECK (state IN ('active', 'suspended', 'ended')), PRIMARY KEY (kind, id)`,
      'clustered',
    ),
    table(
      'live_changes',
      `seq ${serial}, kind ${text} NOT NULL, id ${text} NOT NULL, epoch ${integer} NOT NULL,
       state ${text} NOT NULL CHECK (state IN ('active', 'suspended', 'ended')), at ${integer} NOT NULL`,
    ),
    'CREATE INDEX live_changes_by_time ON live_changes (at)',
    table(
      'live_replicas',
      `id ${text} NOT NULL PRIMARY KEY, lease_until ${integer} NOT NULL, acknowledged ${integer} NOT NULL,
       started_at ${integer} NOT NULL`,
    ),

    // keys
    table(
      'signing_keys',
      `kid ${text} NOT NULL PRIMARY KEY, purpose ${text} NOT NULL, alg ${text} NOT NULL, public_jwk ${text} NOT NULL,
       sealed ${bytes} NOT NULL, created_at ${integer} NOT NULL, retired_at ${integer}`,
    ),
    // Two replicas that start on an empty store must not each make a key.
    'CREATE UNIQUE INDEX signing_keys_in_use ON signing_keys (purpose) WHERE retired_at IS NULL',

    // people
    table(
      'persons',
      `id ${text} NOT NULL PRIMARY KEY, issuer ${text} NOT NULL, subject ${text} NOT NULL, name ${text} NOT NULL,
       email ${text}, status ${text} NOT NULL, created_at ${integer} NOT NULL, last_seen_at ${integer} NOT NULL,
       UNIQUE (issuer, subject)`,
    ),
    'CREATE INDEX persons_by_name ON persons (name, id)',
    table(
      'groups',
      `name ${text} NOT NULL PRIMARY KEY, description ${text} NOT NULL, created_at ${integer} NOT NULL`,
    ),
    // The source is part of the key: replacing what the provider said never touches what an administrator said.
    table(
      'memberships',
      `person_id ${text} NOT NULL REFERENCES persons (id), group_name ${text} NOT NULL REFERENCES groups (name),
       source ${text} NOT NULL CHECK (source IN ('provider', 'manual')), PRIMARY KEY (person_id, group_name, source)`,
      'clustered',
    ),
    'CREATE INDEX memberships_by_group ON memberships (group_name, person_id)',
    table(
      'identity_providers',
      `issuer ${text} NOT NULL PRIMARY KEY, name ${text} NOT NULL, client_id ${text} NOT NULL, sealed_secret ${bytes},
       groups_claim ${text} NOT NULL, created_at ${integer} NOT NULL`,
    ),
    table(
      'group_mappings',
      `issuer ${text} NOT NULL REFERENCES identity_providers (issuer), value ${text} NOT NULL,
       group_name ${text} NOT NULL REFERENCES groups (name), PRIMARY KEY (issuer, value, group_name)`,
      'clustered',
    ),
    'CREATE INDEX group_mappings_by_group ON group_mappings (group_name)',
    table(
      'sessions',
      `digest ${text} NOT NULL PRIMARY KEY, person_id ${text} NOT NULL REFERENCES persons (id),
       kind ${text} NOT NULL CHECK (kind IN ('browser', 'cli')), auth_time ${integer} NOT NULL,
       created_at ${integer} NOT NULL, last_seen_at ${integer} NOT NULL, expires_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX sessions_by_person ON sessions (person_id)',
    'CREATE INDEX sessions_by_expiry ON sessions (expires_at)',
    table(
      'sign_ins',
      `state_digest ${text} NOT NULL PRIMARY KEY, issuer ${text} NOT NULL, sealed ${bytes} NOT NULL,
       return_to ${text} NOT NULL, expires_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at)',
    table(
      'cli_codes',
      `digest ${text} NOT NULL PRIMARY KEY, person_id ${text} NOT NULL REFERENCES persons (id), challenge ${text} NOT NULL,
       redirect_uri ${text} NOT NULL, auth_time ${integer} NOT NULL, expires_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX cli_codes_by_person ON cli_codes (person_id)',
    'CREATE INDEX cli_codes_by_expiry ON cli_codes (expires_at)',
    table(
      'confirmations',
      `id ${text} NOT NULL PRIMARY KEY, person_id ${text} NOT NULL REFERENCES persons (id), operation ${text} NOT NULL,
       payload_digest ${text} NOT NULL, payload ${text} NOT NULL, state ${text} NOT NULL, created_at ${integer} NOT NULL,
       expires_at ${integer} NOT NULL, answered_at ${integer}`,
    ),
    'CREATE INDEX confirmations_by_person ON confirmations (person_id, state)',
    'CREATE INDEX confirmations_by_expiry ON confirmations (state, expires_at)',

    // agents
    table(
      'agents',
      `id ${text} NOT NULL PRIMARY KEY, name ${text} NOT NULL UNIQUE, description ${text} NOT NULL,
       owner_id ${text} NOT NULL, trust ${integer} NOT NULL CHECK (trust BETWEEN 0 AND 3), ceiling ${text} NOT NULL,
       may_delegate ${text}, status ${text} NOT NULL, created_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX agents_by_owner ON agents (owner_id)',
    // INVARIANT: a key belongs to the first agent that registered it, also after it was revoked.
    table(
      'agent_keys',
      `agent_id ${text} NOT NULL REFERENCES agents (id), thumbprint ${text} NOT NULL UNIQUE, kid ${text} NOT NULL,
       jwk ${text} NOT NULL, created_at ${integer} NOT NULL, revoked_at ${integer}, PRIMARY KEY (agent_id, thumbprint)`,
    ),
    'CREATE UNIQUE INDEX agent_keys_by_kid ON agent_keys (agent_id, kid) WHERE revoked_at IS NULL',
    table(
      'agent_clients',
      `issuer ${text} NOT NULL, client_id ${text} NOT NULL, agent_id ${text} NOT NULL REFERENCES agents (id),
       PRIMARY KEY (issuer, client_id)`,
    ),
    'CREATE INDEX agent_clients_by_agent ON agent_clients (agent_id)',

    // catalog
    table(
      'resources',
      `name ${text} NOT NULL PRIMARY KEY, identifier ${text} NOT NULL UNIQUE, title ${text} NOT NULL,
       mode ${text} NOT NULL CHECK (mode IN ('gateway', 'direct')), upstream ${text} NOT NULL,
       trusted ${integer} NOT NULL CHECK (trusted IN (0, 1)), connection ${text}, document_digest ${text} NOT NULL,
       status ${text} NOT NULL, created_at ${integer} NOT NULL, updated_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX resources_by_connection ON resources (connection) WHERE connection IS NOT NULL',
    table(
      'actions',
      `resource ${text} NOT NULL REFERENCES resources (name), name ${text} NOT NULL PRIMARY KEY, method ${text} NOT NULL,
       path ${text} NOT NULL, access ${text} NOT NULL CHECK (access IN ('read', 'write')),
       risk ${text} NOT NULL CHECK (risk IN ('low', 'medium', 'high', 'critical')),
       risk_proposed ${integer} NOT NULL CHECK (risk_proposed IN (0, 1)), sentence ${text} NOT NULL,
       arguments ${text} NOT NULL, untyped ${text} NOT NULL, digest ${text} NOT NULL, UNIQUE (resource, method, path)`,
    ),

    // connections
    table(
      'connections',
      `name ${text} NOT NULL PRIMARY KEY, kind ${text} NOT NULL, header ${text} NOT NULL, sealed ${bytes} NOT NULL,
       created_at ${integer} NOT NULL`,
    ),

    // tasks
    table(
      'bases',
      `id ${text} NOT NULL PRIMARY KEY, person_id ${text} NOT NULL, agent_id ${text} NOT NULL, kind ${text} NOT NULL,
       details ${text} NOT NULL, granted_by ${text} NOT NULL, created_at ${integer} NOT NULL, expires_at ${integer},
       ended_at ${integer}`,
    ),
    'CREATE INDEX bases_by_person ON bases (person_id, agent_id)',
    'CREATE INDEX bases_by_agent ON bases (agent_id)',
    table(
      'consent_requests',
      `id ${text} NOT NULL PRIMARY KEY, agent_id ${text} NOT NULL, person_id ${text} NOT NULL, purpose ${text} NOT NULL,
       details ${text} NOT NULL, state ${text} NOT NULL, basis_id ${text} REFERENCES bases (id),
       created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX consent_requests_by_person ON consent_requests (person_id, state)',
    'CREATE INDEX consent_requests_by_agent ON consent_requests (agent_id, person_id, state)',
    'CREATE INDEX consent_requests_by_expiry ON consent_requests (state, expires_at)',
    // INVARIANT: a task key is never accepted for a second task (contract 4), whatever became of the first.
    table(
      'tasks',
      `id ${text} NOT NULL PRIMARY KEY, root_id ${text} NOT NULL, parent_id ${text} REFERENCES tasks (id),
       person_id ${text} NOT NULL, agent_id ${text} NOT NULL, purpose ${text} NOT NULL, details ${text} NOT NULL,
       may_delegate ${text} NOT NULL, bases ${text} NOT NULL, space_id ${text}, key_thumbprint ${text} NOT NULL UNIQUE,
       state ${text} NOT NULL CHECK (state IN ('requested', 'open', 'suspended', 'closed')), opened_at ${integer} NOT NULL,
       deadline ${integer} NOT NULL, closed_at ${integer}, close_reason ${text}`,
    ),
    'CREATE INDEX tasks_by_root ON tasks (root_id)',
    'CREATE INDEX tasks_by_parent ON tasks (parent_id) WHERE parent_id IS NOT NULL',
    'CREATE INDEX tasks_by_person ON tasks (person_id, state, opened_at)',
    'CREATE INDEX tasks_by_agent ON tasks (agent_id, state, opened_at)',
    'CREATE INDEX tasks_by_space ON tasks (space_id, state) WHERE space_id IS NOT NULL',
    'CREATE INDEX tasks_by_deadline ON tasks (state, deadline)',
    'CREATE INDEX tasks_by_opening ON tasks (opened_at)',

    // policy
    table(
      'policy_sets',
      `version ${integer} NOT NULL PRIMARY KEY, text ${text} NOT NULL, schema_text ${text} NOT NULL, digest ${text} NOT NULL,
       note ${text} NOT NULL, published_by ${text} NOT NULL, published_at ${integer} NOT NULL`,
    ),

    // approvals
    table(
      'access_requests',
      `id ${text} NOT NULL PRIMARY KEY, task_id ${text} NOT NULL, person_id ${text} NOT NULL, agent_id ${text} NOT NULL,
       resource ${text} NOT NULL, action ${text} NOT NULL, call_hash ${text} NOT NULL, call ${text} NOT NULL,
       text ${text} NOT NULL, template_digest ${text} NOT NULL, ask ${text} NOT NULL, policy_version ${integer} NOT NULL,
       risk ${text} NOT NULL, nonce ${text} NOT NULL, decision_id ${text} NOT NULL,
       state ${text} NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'expired', 'cancelled')), reason ${text},
       created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL, answered_at ${integer}, answer_hash ${text},
       uses_left ${integer} NOT NULL CHECK (uses_left >= 0), used_by ${text}, usable_until ${integer}`,
    ),
    // INVARIANT: at most one request waits for a person for one call of one task; duplicates attach to it.
    "CREATE UNIQUE INDEX access_requests_pending ON access_requests (task_id, call_hash) WHERE state = 'pending'",
    'CREATE INDEX access_requests_by_call ON access_requests (task_id, call_hash, state)',
    'CREATE INDEX access_requests_by_person ON access_requests (person_id, state, created_at)',
    'CREATE INDEX access_requests_by_state ON access_requests (state, created_at)',
    'CREATE INDEX access_requests_by_expiry ON access_requests (state, expires_at)',
    'CREATE INDEX access_requests_by_decision ON access_requests (decision_id)',
    // INVARIANT: one answer per person and request.
    table(
      'approval_answers',
      `request_id ${text} NOT NULL REFERENCES access_requests (id), person_id ${text} NOT NULL, answer ${text} NOT NULL,
       reason ${text}, answer_hash ${text} NOT NULL, auth_time ${integer} NOT NULL, answered_at ${integer} NOT NULL,
       PRIMARY KEY (request_id, person_id)`,
    ),
    'CREATE INDEX approval_answers_by_person ON approval_answers (person_id, answered_at)',

    // decisions
    table(
      'decisions',
      `id ${text} NOT NULL PRIMARY KEY, task_id ${text}, person_id ${text}, agent_id ${text}, resource ${text}, action ${text},
       outcome ${text} NOT NULL CHECK (outcome IN ('permit', 'deny', 'requestable')), reason ${text} NOT NULL,
       call_hash ${text}, policy_version ${integer}, request_id ${text}, explanation ${text} NOT NULL,
       state ${text} NOT NULL
         CHECK (state IN ('decided', 'sending', 'answered', 'not_sent', 'failed', 'indeterminate')),
       status ${integer}, replica_id ${text} NOT NULL, at ${integer} NOT NULL, ended_at ${integer}`,
    ),
    'CREATE INDEX decisions_by_task ON decisions (task_id, at)',
    'CREATE INDEX decisions_by_person ON decisions (person_id, at)',
    'CREATE INDEX decisions_by_agent ON decisions (agent_id, at)',
    'CREATE INDEX decisions_by_time ON decisions (at)',
    'CREATE INDEX decisions_by_state ON decisions (state, replica_id)',
    'CREATE INDEX decisions_by_request ON decisions (request_id) WHERE request_id IS NOT NULL',

    // ledger
    table('ledger_intake', `seq ${serial}, record ${bytes} NOT NULL, private ${text}`),
    // INVARIANT: a position is given once; two sequencers cannot both fill it.
    table(
      'ledger_leaves',
      `position ${integer} NOT NULL PRIMARY KEY, leaf_hash ${bytes} NOT NULL, record ${bytes} NOT NULL`,
    ),
    'CREATE INDEX ledger_leaves_by_hash ON ledger_leaves (leaf_hash)',
    table('ledger_private', `position ${integer} NOT NULL PRIMARY KEY, private ${text} NOT NULL`),
    table(
      'ledger_tiles',
      `level ${integer} NOT NULL, tile ${integer} NOT NULL, hashes ${bytes} NOT NULL, PRIMARY KEY (level, tile)`,
    ),
    table(
      'ledger_head',
      `id ${integer} NOT NULL PRIMARY KEY, size ${integer} NOT NULL, fence ${integer} NOT NULL`,
    ),
    table(
      'ledger_checkpoints',
      `size ${integer} NOT NULL PRIMARY KEY, note ${text} NOT NULL, at ${integer} NOT NULL`,
    ),

    // oauth
    table(
      'oidc_payloads',
      `model ${text} NOT NULL, id ${text} NOT NULL, payload ${text} NOT NULL, grant_id ${text}, user_code ${text},
       uid ${text}, consumed_at ${integer}, expires_at ${integer}, PRIMARY KEY (model, id)`,
    ),
    'CREATE INDEX oidc_payloads_by_grant ON oidc_payloads (grant_id) WHERE grant_id IS NOT NULL',
    'CREATE INDEX oidc_payloads_by_uid ON oidc_payloads (model, uid) WHERE uid IS NOT NULL',
    'CREATE INDEX oidc_payloads_by_user_code ON oidc_payloads (model, user_code) WHERE user_code IS NOT NULL',
    'CREATE INDEX oidc_payloads_by_expiry ON oidc_payloads (expires_at) WHERE expires_at IS NOT NULL',
  ],
}
