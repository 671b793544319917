import { flag, integer, json, nullable, optionalColumn, text, time } from './column.ts'

export const approvals = {
  access_requests: {
    id: text,
    task_id: text,
    person_id: text,
    agent_id: text,
    resource: text,
    action: text,
    call_hash: text,
    /** The frozen call that is displayed and hashed: canonical JSON. */
    call: text,
    text: text,
    template_digest: text,
    ask: json,
    /** Expiry of the task: no approval outlives it. */
    deadline: time,
    /** Every argument of the call, where all of it has a type. */
    inspected: nullable(json),
    /** Person who asked in the conversation, where that is another person. */
    requester_id: optionalColumn(text),
    /** 1: no person is present, and `person_id` is the sponsor. */
    sponsored: flag,
    policy_version: integer,
    risk: text,
    nonce: text,
    decision_id: text,
    /** `pending`, `approved`, `denied`, `expired`, `cancelled` */
    state: text,
    reason: nullable(text),
    created_at: time,
    expires_at: time,
    answered_at: nullable(time),
    answer_hash: nullable(text),
    /** Number of times that it may still be executed: 1 after approval, 0 after use. */
    uses_left: integer,
    used_by: nullable(text),
    usable_until: nullable(time),
    /** Request whose call an approver changed to this one, and the request with the changed call. */
    edited_from: optionalColumn(text),
    edited_to: optionalColumn(text),
  },
  /** People and groups that may answer a request that waits. */
  asked_people: {
    /** Name as in rules: `group:finance`, `person:psn_…`. */
    name: text,
    created_at: time,
    request_id: text,
    agent_id: text,
    expires_at: time,
    /** Time from which they are asked. */
    asked_from: time,
    /** Ids of people who may not answer it, whatever name means them; separated by spaces. */
    barred: text,
    /** Ids of people who may neither act as a stand-in nor be represented by one; separated by spaces. NULL: all. */
    barred_stand_ins: nullable(text),
  },
  approval_answers: {
    request_id: text,
    person_id: text,
    answer: text,
    reason: nullable(text),
    answer_hash: text,
    auth_time: time,
    answered_at: time,
    /** Time from which its lifetime counts. */
    counts_from: time,
    /** Allowance that was chosen, when it is more than this once. */
    allowance: nullable(json),
    /** Person in whose place it was given. */
    stands_in_for: nullable(text),
    /** Act that came with a denial: `edit`, `end_task`, `report`. */
    consequence: nullable(text),
    /** Time when the page was made that was answered. */
    shown_at: nullable(time),
  },
  /** Answers that count for more than one call: a number of times or a pattern, until a time; tied to a task, or to agent and person. */
  allowances: {
    id: text,
    request_id: text,
    task_id: nullable(text),
    agent_id: text,
    person_id: text,
    /** Agents behind the call, all of them, the current one first. */
    chain: json,
    /** 1: no person was present. */
    sponsored: flag,
    resource: text,
    upstream: text,
    action: text,
    /** Digest of the action's definition: it answers for no other. */
    definition: text,
    pattern: json,
    ask: json,
    /** Text that people read. */
    text: text,
    /** Number of uses; null: good until `expires_at`. */
    uses: nullable(integer),
    uses_left: nullable(integer),
    created_at: time,
    expires_at: time,
    last_used_at: nullable(time),
    ended_at: nullable(time),
    ended_by: nullable(text),
  },
  /** Calls that one person approved alone in an emergency, and what others think of it. */
  break_glass: {
    id: text,
    request_id: text,
    person_id: text,
    reason: text,
    opened_at: time,
    /** Time when the approval ends; a review ends it sooner. */
    ends_at: time,
    review_due_at: time,
    reviewed_at: nullable(time),
    reviewed_by: nullable(text),
    /** `justified`, `not_justified` */
    verdict: nullable(text),
    note: nullable(text),
  },
  /** Requests of enforcement points about denials that people could lift. AuthZEN makes them; they go with their access request. */
  evaluation_requests: {
    /** Id of the submission, which its items share. */
    id: text,
    /** Place among the items of a submission. */
    position: integer,
    /** Resource and action of an item, as they were sent; null: the submission is of one. */
    item: nullable(text),
    pep: text,
    evaluation_id: text,
    binding_hash: text,
    request_id: text,
    approval_id: text,
    requested_until: nullable(time),
    idempotency_key: nullable(text),
    body_digest: text,
    created_at: time,
    expires_at: time,
  },
}
