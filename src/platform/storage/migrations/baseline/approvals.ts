import type { Statements } from '../portable-sql.ts'

/** Tables of access requests, answers and allowances. */
export const approvals: Statements = ({ integer, table, text }) => [
  table(
    'access_requests',
    `id ${text} NOT NULL PRIMARY KEY, task_id ${text} NOT NULL, person_id ${text} NOT NULL,
     agent_id ${text} NOT NULL, resource ${text} NOT NULL, action ${text} NOT NULL,
     call_hash ${text} NOT NULL, call ${text} NOT NULL, text ${text} NOT NULL,
     template_digest ${text} NOT NULL, ask ${text} NOT NULL,
     deadline ${integer} NOT NULL, inspected ${text}, requester_id ${text},
     sponsored ${integer} NOT NULL CHECK (sponsored IN (0, 1)), policy_version ${integer} NOT NULL,
     risk ${text} NOT NULL, nonce ${text} NOT NULL, decision_id ${text} NOT NULL,
     state ${text} NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'expired', 'cancelled')),
     reason ${text}, created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL,
     answered_at ${integer}, answer_hash ${text},
     uses_left ${integer} NOT NULL CHECK (uses_left >= 0), used_by ${text},
     usable_until ${integer}, edited_from ${text}, edited_to ${text}`,
  ),
  // INVARIANT: at most one request waits for one call of one task; duplicates attach to it.
  `CREATE UNIQUE INDEX access_requests_pending ON access_requests (task_id, call_hash)
     WHERE state = 'pending'`,
  'CREATE INDEX access_requests_by_call ON access_requests (task_id, call_hash, state)',
  'CREATE INDEX access_requests_by_state ON access_requests (state, created_at)',
  'CREATE INDEX access_requests_by_expiry ON access_requests (state, expires_at)',
  'CREATE INDEX access_requests_by_decision ON access_requests (decision_id)',
  'CREATE INDEX access_requests_by_agent ON access_requests (agent_id, state, expires_at)',
  'CREATE INDEX access_requests_by_person ON access_requests (person_id, state, created_at, id)',
  // Approvers of requests that wait, and of no others. Lists and counts need no look at the request itself.
  table(
    'asked_people',
    `name ${text} NOT NULL, created_at ${integer} NOT NULL,
     request_id ${text} NOT NULL REFERENCES access_requests (id), agent_id ${text} NOT NULL,
     expires_at ${integer} NOT NULL, asked_from ${integer} NOT NULL, barred ${text} NOT NULL,
     barred_stand_ins ${text},
     PRIMARY KEY (name, created_at, request_id)`,
    'clustered',
  ),
  'CREATE INDEX asked_people_by_agent ON asked_people (name, agent_id, created_at, request_id)',
  'CREATE INDEX asked_people_by_request ON asked_people (request_id)',
  // INVARIANT: one answer per person and request.
  table(
    'approval_answers',
    `request_id ${text} NOT NULL REFERENCES access_requests (id), person_id ${text} NOT NULL,
     answer ${text} NOT NULL, reason ${text}, answer_hash ${text} NOT NULL,
     auth_time ${integer} NOT NULL, answered_at ${integer} NOT NULL, counts_from ${integer} NOT NULL,
     allowance ${text}, stands_in_for ${text} REFERENCES persons (id),
     consequence ${text} CHECK (consequence IN ('edit', 'end_task', 'report')), shown_at ${integer},
     PRIMARY KEY (request_id, person_id)`,
  ),
  'CREATE INDEX approval_answers_by_person ON approval_answers (person_id, answered_at)',
  'CREATE INDEX approval_answers_by_time ON approval_answers (answered_at)',
  table(
    'allowances',
    `id ${text} NOT NULL PRIMARY KEY, request_id ${text} NOT NULL REFERENCES access_requests (id),
     task_id ${text}, agent_id ${text} NOT NULL, person_id ${text} NOT NULL,
     chain ${text} NOT NULL, sponsored ${integer} NOT NULL CHECK (sponsored IN (0, 1)),
     resource ${text} NOT NULL, upstream ${text} NOT NULL, action ${text} NOT NULL,
     definition ${text} NOT NULL, pattern ${text} NOT NULL, ask ${text} NOT NULL,
     text ${text} NOT NULL, uses ${integer},
     uses_left ${integer} CHECK (uses_left BETWEEN 0 AND uses), created_at ${integer} NOT NULL,
     expires_at ${integer} NOT NULL, last_used_at ${integer}, ended_at ${integer},
     ended_by ${text}`,
  ),
  'CREATE INDEX allowances_by_subject ON allowances (person_id, agent_id, action)',
  'CREATE INDEX allowances_by_task ON allowances (task_id) WHERE task_id IS NOT NULL',
  'CREATE INDEX allowances_by_request ON allowances (request_id)',
  'CREATE INDEX allowances_newest ON allowances (created_at)',
  // INVARIANT: one for a request, so that of many at once one is written.
  table(
    'break_glass',
    `id ${text} NOT NULL PRIMARY KEY,
     request_id ${text} NOT NULL UNIQUE REFERENCES access_requests (id), person_id ${text} NOT NULL,
     reason ${text} NOT NULL, opened_at ${integer} NOT NULL, ends_at ${integer} NOT NULL,
     review_due_at ${integer} NOT NULL, reviewed_at ${integer}, reviewed_by ${text},
     verdict ${text} CHECK (verdict IN ('justified', 'not_justified')), note ${text}`,
  ),
  'CREATE INDEX break_glass_unreviewed ON break_glass (person_id) WHERE reviewed_at IS NULL',
  'CREATE INDEX break_glass_by_time ON break_glass (opened_at, id)',
  // Under the id of the evaluation. Fixes what people would be asked.
  table(
    'evaluation_denials',
    `id ${text} NOT NULL PRIMARY KEY, pep ${text} NOT NULL, binding_hash ${text} NOT NULL,
     question ${text} NOT NULL, insufficient ${text} NOT NULL, expires_at ${integer} NOT NULL`,
  ),
  'CREATE INDEX evaluation_denials_by_end ON evaluation_denials (expires_at)',
  // One for each item of a submission. Several can be of the same access request.
  table(
    'evaluation_requests',
    `id ${text} NOT NULL, position ${integer} NOT NULL, item ${text}, pep ${text} NOT NULL,
     evaluation_id ${text} NOT NULL, binding_hash ${text} NOT NULL,
     request_id ${text} NOT NULL REFERENCES access_requests (id), approval_id ${text} NOT NULL UNIQUE,
     requested_until ${integer}, idempotency_key ${text}, body_digest ${text} NOT NULL,
     created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL, PRIMARY KEY (id, position)`,
  ),
  'CREATE UNIQUE INDEX evaluation_requests_by_key ON evaluation_requests (pep, idempotency_key)',
  'CREATE INDEX evaluation_requests_by_request ON evaluation_requests (request_id)',
  'CREATE INDEX evaluation_requests_by_end ON evaluation_requests (expires_at)',
  // Submissions whose enforcement point wants to be told of their end, and has not been.
  table(
    'submission_callbacks',
    `id ${text} NOT NULL PRIMARY KEY, pep ${text} NOT NULL, endpoint ${text} NOT NULL, state ${text},
     events ${text}, attempts ${integer} NOT NULL, next_at ${integer} NOT NULL, expires_at ${integer} NOT NULL`,
  ),
  'CREATE INDEX submission_callbacks_by_next ON submission_callbacks (next_at)',
]
