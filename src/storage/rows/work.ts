/** Rows of tasks, policy, approvals and decisions. See `../schema.ts`. */
import type { ColumnType } from 'kysely'
import type { Flag, JsonText, Millis } from './column.ts'

/** An int64 that may be more than a number holds: written as a big integer, read as text by a cast. */
type Amount = ColumnType<never, bigint, bigint>

/** tasks: delegation bases and tasks */
export interface BasisRow {
  id: string
  person_id: string
  agent_id: string
  kind: string
  details: JsonText
  granted_by: string
  created_at: Millis
  expires_at: Millis | null
  ended_at: Millis | null
}

export interface ConsentRequestRow {
  id: string
  agent_id: string
  person_id: string
  purpose: string
  details: JsonText
  state: string
  basis_id: string | null
  created_at: Millis
  expires_at: Millis
  /** `ciba` or `device`: the agent asked the person itself, about one task. */
  asked_by: string | null
  /** Message of the agent beside the purpose. */
  message: string | null
  /** Address from which a device began. */
  asked_from: string | null
  /** Time and method of the authentication of the person who answered, as far as is known. */
  auth_time: Millis | null
  /** Actors of other systems before the agent. */
  actors: JsonText
  acr: string | null
}

/** A token request that somebody has to answer first. Of codes, only digests and sealed forms are kept. */
export interface DeferralRow {
  digest: string
  flow: string
  agent_id: string
  /** Thumbprint of the key that redeems it; `null` until it is known. */
  thumbprint: string | null
  /** `null` until the person is known. */
  person_id: string | null
  consent_id: string | null
  request: JsonText
  request_hash: string
  code: Uint8Array
  state: string
  task_id: string | null
  /** Seconds between two polls. */
  pause: number
  polled_at: Millis | null
  /** Digest of what the person types. */
  user_code: string | null
  notify_at: string | null
  notify_token: Uint8Array | null
  notified_at: Millis | null
  created_at: Millis
  expires_at: Millis
}

export interface TaskRow {
  id: string
  root_id: string
  parent_id: string | null
  person_id: string
  agent_id: string
  purpose: string
  details: JsonText
  may_delegate: JsonText
  bases: JsonText
  space_id: string | null
  /** Thumbprint of the key that proves possession, if there is one. */
  key_thumbprint: string | null
  /** 1: a task of the same agent had the key before; codes opened both. */
  shares_key: Flag
  state: string
  opened_at: Millis
  deadline: Millis
  closed_at: Millis | null
  close_reason: string | null
  /** `exchange`, `sponsor`, `code`, `child` or `token` */
  opened_by: string
  /** 1: nobody is present, and `person_id` is the sponsor. */
  sponsored: Flag
  sponsor_grant_id: string | null
  /** Limits of the tree below this task. */
  budget: JsonText
  thread_id: string | null
  /**
   * Time and method (OpenID Connect `acr`) of the person's last authentication, as far as is known.
   */
  auth_time: Millis | null
  acr: string | null
  /** Names of the trusted issuers that it depends on. */
  issuers: JsonText
  /** Actors of other systems before its agents, the latest first. */
  actors: JsonText
}

/**
 * A client's request at the authorization endpoint, with the person's answer and the task that it
 * led to.
 */
export interface AuthorizationRow {
  id: string
  client_id: string
  client_name: string
  redirect_uri: string
  /** Redirect URIs that the client registered, all of them. */
  redirect_uris: JsonText
  /** Identifier. */
  resource: string
  scope: string | null
  /** Digest of a secret that only the browser has in which the request began. */
  browser: string
  /** `pending`, `granted`, `denied`, or `used`: its code opened the task. */
  state: string
  person_id: string | null
  /** Authorization details that the person allowed. */
  details: JsonText | null
  basis_id: string | null
  task_id: string | null
  created_at: Millis
  expires_at: Millis
  /** Time and method of the authentication of the person who answered, as far as is known. */
  auth_time: Millis | null
  acr: string | null
  /** Requirements of the client on that authentication. */
  step_up: JsonText | null
  /** `authorization_details` as sent. */
  asked_details: JsonText | null
  /** 1: the client said that the token may be deferred. */
  may_defer: Flag
  /** Authentication method of the client, with its keys; null for a public one that registered. */
  proves: JsonText | null
  /** Which software it says it is, of a client that registered. */
  software_id: string | null
  /** 1: it said which key it will prove, or proved one. */
  announces_key: Flag
}

/** Grant that lets an agent open tasks while nobody is present. */
export interface SponsorGrantRow {
  id: string
  agent_id: string
  /** The sponsor. */
  person_id: string
  purpose: string
  details: JsonText
  may_delegate: JsonText | null
  /** Budget of each task. */
  budget: JsonText
  schedule: JsonText | null
  /** Maximum of tasks in a number of seconds. */
  rate_tasks: number | null
  rate_seconds: number | null
  created_at: Millis
  expires_at: Millis
  ended_at: Millis | null
}

/** State of one limit: in calls, or in ten-thousandths of the summed unit. */
export interface LimitCountRow {
  /** A task, or a standing limit. */
  owner: string
  name: string
  used: Amount
  /**
   * Length of the window, for a limit on a length of time: `used` is what was taken in the newest
   * so many milliseconds.
   */
  window_ms: Millis | null
  /** Time up to which uses count no more in `used`. */
  swept_to: Millis
}

/**
 * Amount that one decision took of a limit, so that it can be given back, and leaves its window.
 */
export interface LimitUseRow {
  decision_id: string
  owner: string
  name: string
  amount: Amount
  /** Time of the use, where the limit is on a length of time. */
  at: Millis | null
  /** Part of the answer that gives the final amount, as JSON, where an answer does. */
  settles: string | null
  /**
   * Amount that was taken before the final one was known, and how it became `amount`, or why it
   * stays; both once it ended.
   */
  reserved: Amount | null
  settled_by: string | null
}

/** Limit that an administrator set for one subject, or for everything. */
export interface LimitRow {
  id: string
  subject_kind: string
  subject_id: string
  /** 1: a limit of each task rather than one over all of them. */
  each_task: Flag
  name: string
  /** `Limit` */
  terms: JsonText
  created_at: Millis
  changed_at: Millis
  changed_by: string
}

/** policy */
export interface PolicySetRow {
  version: number
  text: string
  schema_text: string
  digest: string
  note: string
  published_by: string
  published_at: Millis
  /** The files that the text was put together from: name and first line of each. */
  files: JsonText
  /** Tests of the policy set: files of cases. */
  tests: JsonText
}

/** approvals: people and groups that may answer a request that waits */
export interface AskedPersonRow {
  /** Name as in rules: `group:finance`, `person:psn_…`. */
  name: string
  created_at: Millis
  request_id: string
  agent_id: string
  expires_at: Millis
  /**
   * People whose own request it is: the person it is for and who asked in the conversation, unless
   * they may answer it too.
   */
  barred_person_id: string | null
  barred_requester_id: string | null
}

/** approvals */
export interface AccessRequestRow {
  id: string
  task_id: string
  person_id: string
  agent_id: string
  resource: string
  action: string
  call_hash: string
  /** The frozen call that is displayed and hashed: canonical JSON. */
  call: JsonText
  text: string
  template_digest: string
  ask: JsonText
  /** Expiry of the task: no approval outlives it. */
  deadline: Millis
  /** Every argument of the call, where all of it has a type. */
  inspected: JsonText | null
  /** Who asked in the conversation, where that is somebody else. */
  requester_id: string | null
  /** 1: nobody is present, and `person_id` is the sponsor. */
  sponsored: Flag
  policy_version: number
  risk: string
  nonce: string
  decision_id: string
  /** `pending`, `approved`, `denied`, `expired`, `cancelled` */
  state: string
  reason: string | null
  created_at: Millis
  expires_at: Millis
  answered_at: Millis | null
  answer_hash: string | null
  /** Number of times that it may still be executed: 1 after approval, 0 after use. */
  uses_left: number
  used_by: string | null
  usable_until: Millis | null
}

export interface ApprovalAnswerRow {
  request_id: string
  person_id: string
  answer: string
  reason: string | null
  answer_hash: string
  auth_time: Millis
  answered_at: Millis
  /** Standing answer that is asked for, when it is more than this once. */
  standing: JsonText | null
}

/** A standing answer: a count or a pattern, until a time; tied to a task, or to agent and person. */
export interface AllowanceRow {
  id: string
  request_id: string
  task_id: string | null
  agent_id: string
  person_id: string
  /** Agents behind the call, all of them, the current one first. */
  chain: JsonText
  /** 1: nobody was present. */
  sponsored: Flag
  resource: string
  upstream: string
  action: string
  /** Digest of the action's definition: it answers for no other. */
  definition: string
  pattern: JsonText
  ask: JsonText
  /** Text that people read. */
  text: string
  /** Number of uses; null: good until `expires_at`. */
  uses: number | null
  uses_left: number | null
  created_at: Millis
  expires_at: Millis
  last_used_at: Millis | null
  ended_at: Millis | null
  ended_by: string | null
}

/** decisions */
export interface DecisionRow {
  id: string
  task_id: string | null
  person_id: string | null
  agent_id: string | null
  resource: string | null
  action: string | null
  /** `permit`, `deny`, `requestable` */
  outcome: string
  reason: string
  call_hash: string | null
  policy_version: number | null
  request_id: string | null
  /** Gate results for `explain`: canonical JSON. */
  explanation: JsonText
  /** `decided`, `sending`, `answered`, `not_sent`, `failed`, `indeterminate` */
  state: string
  status: number | null
  replica_id: string
  at: Millis
  ended_at: Millis | null
  /** Time when it was presumed to be indeterminate, where a true outcome corrected that. */
  presumed_at: Millis | null
  allowance_id: string | null
  /** Inputs that differ from call to call; erased together with the arguments. */
  inputs: JsonText | null
  /** Digest of the other inputs. */
  setting: string | null
}

/** Inputs that many decisions share, by their digest. */
export interface DecisionSettingRow {
  digest: string
  value: JsonText
}

/** The answer of an approved call, sealed, for a caller who lost it. */
export interface KeptResultRow {
  decision_id: string
  sealed: Uint8Array
  expires_at: Millis
}
