/** Rows of risk and of external decision points. See `../schema.ts`. */
import type { Flag, JsonText, Millis } from './column.ts'

/**
 * decisions: first call of an agent to an action, or to any (empty), with a counterparty, or with
 * any (empty).
 */
export interface AgentHabitRow {
  agent_id: string
  action: string
  /** A keyed digest: nobody can be read from it. */
  counterparty: string
  first_at: Millis
  /** The decision that was the first. */
  first_by: string
  /** May lag by a day. */
  last_at: Millis
}

/** decisions: number of an agent's calls of one size on one day (UTC, since 1970). */
export interface ActionSizeRow {
  agent_id: string
  action: string
  path: string
  day: number
  bucket: number
  shard: number
  count: number
}

/** decisions: signal of another system about an agent, a person or a task. */
export interface RiskSignalRow {
  subject_kind: string
  subject_id: string
  signal: string
  /** A signal source, or a person. */
  source: string
  level: string
  raised_at: Millis
  expires_at: Millis
}

/** decisions: credential of such a system. */
export interface SignalSourceRow {
  id: string
  name: string
  digest: string
  created_by: string
  created_at: Millis
  last_used_at: Millis | null
  revoked_at: Millis | null
}

/** decisions: an external AuthZEN decision point whose answer is asked for, too. */
export interface DecisionPointRow {
  name: string
  url: string
  /** Header of the credential, lower case. */
  header: string | null
  sealed: Uint8Array | null
  /** Names; empty: all. */
  resources: JsonText
  actions: JsonText
  timeout_ms: number
  /** 1: it is told the arguments. */
  arguments: Flag
  created_by: string
  created_at: Millis
}
