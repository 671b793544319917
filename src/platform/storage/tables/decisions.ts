import { flag, integer, json, nullable, sealed, text, textOneOf, time } from './column.ts'

export const decisions = {
  decisions: {
    id: text,
    task_id: nullable(text),
    person_id: nullable(text),
    agent_id: nullable(text),
    resource: nullable(text),
    action: nullable(text),
    outcome: textOneOf('permit', 'deny', 'requestable'),
    reason: text,
    call_hash: nullable(text),
    policy_version: nullable(integer),
    request_id: nullable(text),
    /** Gate results for `explain`, packed. */
    explanation: text,
    /** `decided`, `sending`, `answered`, `not_sent`, `failed`, `indeterminate`; on PostgreSQL `sending` for ever where a call began. */
    state: text,
    status: nullable(integer),
    replica_id: text,
    at: time,
    ended_at: nullable(time),
    /** Time when it was presumed to be indeterminate, where a true outcome corrected that. */
    presumed_at: nullable(time),
    allowance_id: nullable(text),
    /** Inputs that differ from call to call; erased together with the arguments. */
    inputs: nullable(json),
    /** Digest of the other inputs. */
    setting: nullable(text),
  },
  /** On PostgreSQL: how calls ended. On SQLite empty. */
  decision_endings: {
    decision_id: text,
    /** `answered`, `not_sent`, `failed`, `indeterminate` */
    state: text,
    status: nullable(integer),
    ended_at: time,
    presumed_at: nullable(time),
  },
  /** Decisions in state `sending`. The database fills it when decisions change. */
  decisions_open: {
    decision_id: text,
    replica_id: text,
    resource: nullable(text),
    at: time,
  },
  /** Decisions of a task, a person or an agent, and all, by the number of their row. On SQLite; filled behind the calls. */
  decision_lists: {
    kind: textOneOf('task', 'person', 'agent', 'all'),
    key: text,
    at: time,
    row: integer,
  },
  /** The last row that is in these lists, and which decision it is: `VACUUM` may renumber rows. */
  decision_lists_end: {
    id: integer,
    row: integer,
    decision_id: text,
  },
  /** Inputs that many decisions share, by their digest. */
  decision_settings: {
    digest: text,
    value: json,
  },
  /** The answer of an approved call, sealed, for a caller who lost it. */
  kept_results: {
    decision_id: text,
    sealed,
    expires_at: time,
  },
  /** A call that its MCP server goes on with as a task, and what the client may still ask about it. */
  mcp_tasks: {
    /** Id towards the client. */
    id: text,
    decision_id: text,
    task_id: text,
    resource: text,
    /** `open`; `ended`: it has a result; `cancelled`: by the client, or by the server. */
    state: textOneOf('open', 'ended', 'cancelled'),
    /** Id towards the server, its address, and the parameters of the call. */
    sealed,
    created_at: time,
    expires_at: time,
  },
  /** Log messages of servers that a session wants to hear of. */
  mcp_logging: {
    /** Key of the session. */
    session: text,
    /** Least level (RFC 5424 section 6.2.1). */
    level: text,
    /** 1: policies left something out of a call, so nothing is told on the stream of the session. */
    quiet: flag,
    /** Deadline of its task. */
    expires_at: time,
  },
  /** Notice of a permitted call that people had to be told of. */
  notices: {
    id: text,
    /** `group:…` or `person:…` */
    recipient: text,
    decision_id: text,
    /** Permit that requires the notice. */
    policy: text,
    task_id: text,
    person_id: text,
    agent_id: text,
    action: text,
    text: text,
    at: time,
  },
}

/** Decisions with their endings. The others: found by the list of a task, a person or an agent, or by that of all, in the order of their times. */
export const decisionViews = {
  known_decisions: decisions.decisions,
  task_decisions: decisions.decisions,
  person_decisions: decisions.decisions,
  agent_decisions: decisions.decisions,
  all_decisions: decisions.decisions,
}
