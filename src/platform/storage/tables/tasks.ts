import {
  amount,
  flag,
  integer,
  json,
  nullable,
  optionalColumn,
  sealed,
  text,
  textOneOf,
  time,
} from './column.ts'

export const tasks = {
  bases: {
    id: text,
    person_id: text,
    agent_id: text,
    kind: text,
    details: json,
    granted_by: text,
    created_at: time,
    expires_at: nullable(time),
    ended_at: nullable(time),
  },
  consent_requests: {
    id: text,
    agent_id: text,
    person_id: text,
    purpose: text,
    details: json,
    state: text,
    basis_id: nullable(text),
    created_at: time,
    expires_at: time,
    /** `ciba` or `device`: the agent asked the person itself, about one task. */
    asked_by: nullable(textOneOf('ciba', 'device')),
    /** Message of the agent beside the purpose. */
    message: nullable(text),
    /** Address from which a device began. */
    asked_from: nullable(text),
    /** Sign-in that a yes of the person needs. */
    step_up: nullable(json),
    /** Time and method of the authentication of the person who answered, as far as is known. */
    auth_time: nullable(time),
    /** Actors of other systems before the agent. */
    actors: json,
    acr: nullable(text),
  },
  /** A token request that a person has to answer first. Of codes, only digests and sealed forms are kept. */
  deferrals: {
    digest: text,
    flow: text,
    agent_id: text,
    /** Thumbprint of the key that redeems it; `null` until it is known. */
    thumbprint: nullable(text),
    /** `null` until the person is known. */
    person_id: nullable(text),
    consent_id: nullable(text),
    request: text,
    request_hash: text,
    code: sealed,
    state: text,
    task_id: nullable(text),
    /** Seconds between two polls. */
    pause: integer,
    polled_at: nullable(time),
    /** Digest of what the person types. */
    user_code: nullable(text),
    notify_at: nullable(text),
    notify_token: nullable(sealed),
    notified_at: nullable(time),
    created_at: time,
    expires_at: time,
  },
  /**
   * A client's request at the authorization endpoint, with the person's answer and the task that it
   * led to.
   */
  authorizations: {
    id: text,
    client_id: text,
    client_name: text,
    redirect_uri: text,
    /** Redirect URIs that the client registered, all of them. */
    redirect_uris: json,
    /** Identifier. */
    resource: text,
    scope: nullable(text),
    /** Digest of a secret that only the browser has in which the request began. */
    browser: text,
    /** `pending`, `granted`, `denied`, or `used`: its code opened the task. */
    state: text,
    person_id: nullable(text),
    /** Authorization details that the person allowed. */
    details: nullable(json),
    basis_id: nullable(text),
    task_id: nullable(text),
    created_at: time,
    expires_at: time,
    /** Time and method of the authentication of the person who answered, as far as is known. */
    auth_time: nullable(time),
    acr: nullable(text),
    /** Requirements of the client on that authentication. */
    step_up: nullable(json),
    /** `authorization_details` as sent. */
    asked_details: nullable(text),
    /** 1: the client said that the token may be deferred. */
    may_defer: flag,
    /** Authentication method of the client, with its keys; null for a public one that registered. */
    proves: nullable(json),
    /** Software that it says it is, of a client that registered. */
    software_id: optionalColumn(text),
    /** 1: the request named a DPoP key (`dpop_jkt`) or proved one. */
    announces_key: flag,
    /**
     * While pending 1: an earlier consent may answer. Then 1: the person lets this consent answer
     * later requests.
     */
    may_return: flag,
    /** Agent that the client was when it was granted. */
    agent_id: nullable(text),
  },
  /** Grant that lets an agent open tasks while no person is present. */
  sponsor_grants: {
    id: text,
    agent_id: text,
    /** The sponsor. */
    person_id: text,
    purpose: text,
    details: json,
    may_delegate: nullable(json),
    /** Budget of each task. */
    budget: json,
    schedule: nullable(json),
    /** Maximum of tasks in a number of seconds. */
    rate_tasks: nullable(integer),
    rate_seconds: nullable(integer),
    created_at: time,
    expires_at: time,
    ended_at: nullable(time),
  },
  tasks: {
    id: text,
    root_id: text,
    parent_id: nullable(text),
    person_id: text,
    agent_id: text,
    purpose: text,
    details: json,
    may_delegate: json,
    bases: json,
    space_id: nullable(text),
    /** Thumbprint of the key that proves possession, if there is one. */
    key_thumbprint: nullable(text),
    /** 1: a task of the same agent had the key before; codes opened both. */
    shares_key: flag,
    state: text,
    opened_at: time,
    deadline: time,
    closed_at: nullable(time),
    close_reason: nullable(text),
    /** `exchange`, `sponsor`, `code`, `child` or `token` */
    opened_by: text,
    /** 1: no person is present, and `person_id` is the sponsor. */
    sponsored: flag,
    sponsor_grant_id: nullable(text),
    /** Limits of the tree below this task. */
    budget: json,
    thread_id: nullable(text),
    /**
     * Time and method (OpenID Connect `acr`) of the person's last authentication, as far as is known.
     */
    auth_time: nullable(time),
    acr: nullable(text),
    /** Milliseconds without use after which it ends, and the time when that is; null: it does not. */
    idle_ms: nullable(integer),
    idle_at: nullable(time),
    /** Names of the trusted issuers that it depends on. */
    issuers: json,
    /** Actors of other systems before its agents, the latest first. */
    actors: json,
  },
  /** Issuers that a task depends on. */
  task_issuers: {
    issuer: text,
    task_id: text,
  },
  /** The task that an access token of a foreign server opened. */
  foreign_tokens: {
    digest: text,
    task_id: text,
    expires_at: time,
  },
  /** Limit that an administrator set for one subject, or for everything. */
  limits: {
    id: text,
    subject_kind: textOneOf('organization', 'person', 'agent', 'space'),
    subject_id: text,
    /** 1: a limit of each task rather than one over all of them. */
    each_task: flag,
    name: text,
    /** `Limit` */
    terms: json,
    created_at: time,
    changed_at: time,
    changed_by: text,
  },
  /** State of one limit: in calls, or in ten-thousandths of the summed unit. */
  limit_counts: {
    /** A task, or a standing limit. */
    owner: text,
    name: text,
    used: amount,
    /**
     * Length of the window, for a limit on a length of time: `used` is the amount taken in the newest
     * so many milliseconds.
     */
    window_ms: nullable(time),
    /** Time up to which uses count no more in `used`. */
    swept_to: time,
  },
  /**
   * Amount that one decision took of a limit, so that it can be given back, and leaves its window.
   */
  limit_uses: {
    decision_id: text,
    owner: text,
    name: text,
    amount: amount,
    /** Time of the use, where the limit is on a length of time. */
    at: nullable(time),
    /** Part of the answer that gives the final amount, as JSON, where an answer does. */
    settles: nullable(text),
    /**
     * Amount that was taken before the final one was known, and how it became `amount`, or why it
     * stays; both once it ended.
     */
    reserved: nullable(amount),
    settled_by: nullable(text),
  },
}
