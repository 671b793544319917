import { integer, text, time } from './column.ts'

export const risk = {
  /**
   * First call of an agent to an action, or to any (empty), with a counterparty, or with
   * any (empty).
   */
  agent_habits: {
    agent_id: text,
    action: text,
    /** A keyed digest: it does not reveal the counterparty. */
    counterparty: text,
    first_at: time,
    /** The decision that was the first. */
    first_by: text,
    /** May lag by a day. */
    last_at: time,
  },
  /** Number of an agent's calls of one size on one day (UTC, since 1970). */
  action_sizes: {
    agent_id: text,
    action: text,
    path: text,
    day: integer,
    bucket: integer,
    shard: integer,
    count: integer,
  },
  /** Signal of another system about an agent, a person or a task. */
  risk_signals: {
    subject_kind: text,
    subject_id: text,
    signal: text,
    /** A signal source, or a person. */
    source: text,
    level: text,
    raised_at: time,
    expires_at: time,
  },
}
