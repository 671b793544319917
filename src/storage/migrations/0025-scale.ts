import type { Migration } from './migration.ts'

/** Indexes so that what is asked often looks at what it answers, and not at everybody's ([0029](../../../docs/decisions/0029-scale.md)). */
export const scale: Migration = {
  version: 25,
  name: 'scale',
  statements: () => [
    // people: whom an address means
    'CREATE INDEX persons_by_email ON persons (email) WHERE email IS NOT NULL',

    // agents: in order of an owner's; and whose owners are late, without those that were stopped for it
    'DROP INDEX agents_by_owner',
    'CREATE INDEX agents_by_owner ON agents (owner_id, id)',
    'DROP INDEX agents_to_recertify',
    "CREATE INDEX agents_to_recertify ON agents (recertify_by) WHERE status = 'active' AND recertify_by IS NOT NULL",

    // live: what has ended, but for tasks, which all do. Asked at the start.
    "CREATE INDEX live_ended ON live_epochs (kind, id) WHERE state = 'ended' AND kind <> 'task'",

    // tasks: whose deadline has passed, in order; and the newest of a state
    'DROP INDEX tasks_by_deadline',
    "CREATE INDEX tasks_due ON tasks (deadline) WHERE state <> 'closed'",
    'CREATE INDEX tasks_by_state ON tasks (state, opened_at)',
    // Which issuers a task rests on is asked of tasks that are not closed.
    'CREATE INDEX task_issuers_by_task ON task_issuers (task_id)',
    "DELETE FROM task_issuers WHERE task_id IN (SELECT id FROM tasks WHERE state = 'closed')",
    'DROP INDEX bases_by_agent',
    'CREATE INDEX bases_by_agent ON bases (agent_id, created_at)',
    'DROP INDEX bases_by_person',
    'CREATE INDEX bases_by_person ON bases (person_id, agent_id, created_at, id)',
    // Without the time at their end, the index of what expires is taken for the better one.
    'DROP INDEX consent_requests_by_person',
    'CREATE INDEX consent_requests_by_person ON consent_requests (person_id, state, expires_at)',
    'DROP INDEX consent_requests_by_agent',
    'CREATE INDEX consent_requests_by_agent ON consent_requests (agent_id, person_id, state, expires_at)',
    'CREATE INDEX sponsor_grants_newest ON sponsor_grants (created_at)',

    // ledger: nobody ever looked for a record by its hash, and every record had to be put there
    'DROP INDEX ledger_leaves_by_hash',

    // approvals and decisions: lists of administrators, newest first
    'DROP INDEX allowances_in_force',
    'CREATE INDEX allowances_newest ON allowances (created_at)',
    'CREATE INDEX risk_signals_newest ON risk_signals (raised_at)',
  ],
}
