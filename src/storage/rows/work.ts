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
  /** `ciba` or `device`: the agent put the question itself, about one task. */
  asked_by: string | null
  /** Its own words beside the purpose. */
  message: string | null
  /** The address that it began at, of a device. */
  asked_from: string | null
  /** When the person who answered had proved who they are, and how, as far as is known. */
  auth_time: Millis | null
  /** Who acted elsewhere before the agent did. */
  actors: JsonText
  acr: string | null
}

/** A token request that somebody has to answer first. Of codes, only digests and sealed forms are kept. */
export interface DeferralRow {
  digest: string
  flow: string
  agent_id: string
  /** Of the key that redeems it; `null` until it is known. */
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
  /** Of the key that proves possession, if there is one. */
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
  /** When the person last proved who they are, and how (OpenID Connect `acr`), as far as is known. */
  auth_time: Millis | null
  acr: string | null
  /** Names of the trusted issuers that it rests on. */
  issuers: JsonText
  /** Who acted elsewhere before its agents did, the latest first. */
  actors: JsonText
}

/** A client at the authorization endpoint: what it asks, what the person answered, and the task that came of it. */
export interface AuthorizationRow {
  id: string
  client_id: string
  client_name: string
  redirect_uri: string
  /** All that the client registered. */
  redirect_uris: JsonText
  /** Identifier. */
  resource: string
  scope: string | null
  /** Digest of what only the browser has that began. */
  browser: string
  /** `pending`, `granted`, `denied`, or `used`: its code opened the task. */
  state: string
  person_id: string | null
  /** What the person allowed. */
  details: JsonText | null
  basis_id: string | null
  task_id: string | null
  created_at: Millis
  expires_at: Millis
  /** When the person who answered had proved who they are, and how, as far as is known. */
  auth_time: Millis | null
  acr: string | null
  /** How the client says that they have to. */
  step_up: JsonText | null
  /** `authorization_details` as sent. */
  asked_details: JsonText | null
  /** 1: the client said that the token may be deferred. */
  may_defer: Flag
  /** How the client authenticates, with its keys; nothing of a public one that registered. */
  proves: JsonText | null
  /** Which software it says it is, of a client that registered. */
  software_id: string | null
  /** 1: it said which key it will prove, or proved one. */
  announces_key: Flag
}

/** What lets an agent open tasks while nobody is present. */
export interface SponsorGrantRow {
  id: string
  agent_id: string
  /** The sponsor. */
  person_id: string
  purpose: string
  details: JsonText
  may_delegate: JsonText | null
  /** Of each task. */
  budget: JsonText
  schedule: JsonText | null
  /** At most so many tasks in so many seconds. */
  rate_tasks: number | null
  rate_seconds: number | null
  created_at: Millis
  expires_at: Millis
  ended_at: Millis | null
}

/** How one limit stands: in calls, or ten-thousandths of what is summed. */
export interface LimitCountRow {
  /** A task, or a standing limit. */
  owner: string
  name: string
  used: Amount
  /** Of a limit on a length of time: `used` is what was taken in the newest so many milliseconds. */
  window_ms: Millis | null
  /** What was taken until then counts no more in `used`. */
  swept_to: Millis
}

/** What one decision took of it, so that it can be given back, and leaves its window. */
export interface LimitUseRow {
  decision_id: string
  owner: string
  name: string
  amount: Amount
  /** Where the limit is on a length of time. */
  at: Millis | null
  /** Where the answer says how much it was: which part of it, as JSON. */
  settles: string | null
  /** What was taken before that was known, and by what it became `amount`, or why it stays; both once it ended. */
  reserved: Amount | null
  settled_by: string | null
}

/** What an administrator set for somebody, or for everything. */
export interface LimitRow {
  id: string
  subject_kind: string
  subject_id: string
  /** It is a limit of each task rather than one over all of them. */
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
  /** Its tests: files of cases. */
  tests: JsonText
}

/** approvals: whom a request that waits may be answered by */
export interface AskedPersonRow {
  /** As rules name them: `group:finance`, `person:psn_…`. */
  name: string
  created_at: Millis
  request_id: string
  agent_id: string
  expires_at: Millis
  /** Whose own request it is: the person it is for and who asked in the conversation, unless they may answer it too. */
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
  /** Of the task: no approval outlives it. */
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
  /** How often it may still be executed: 1 after approval, 0 after use. */
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
  /** The standing answer it asks for, when it is more than this once. */
  standing: JsonText | null
}

/** A standing answer: a count or a pattern, until a time; tied to a task, or to agent and person. */
export interface AllowanceRow {
  id: string
  request_id: string
  task_id: string | null
  agent_id: string
  person_id: string
  /** All agents that stood behind the call, the current one first. */
  chain: JsonText
  /** Nobody was present. */
  sponsored: Flag
  resource: string
  upstream: string
  action: string
  /** Digest of the action's definition: it answers for no other. */
  definition: string
  pattern: JsonText
  ask: JsonText
  /** What people read. */
  text: string
  /** Without a count it is good until `expires_at`. */
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
  /** When it was presumed to be indeterminate, where a true outcome corrected that. */
  presumed_at: Millis | null
  allowance_id: string | null
  /** What differs from call to call of what it was made from; erased together with the arguments. */
  inputs: JsonText | null
  /** Digest of the rest. */
  setting: string | null
}

/** What many decisions were made from, by its digest. */
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
