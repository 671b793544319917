import type { Canonical } from '../lib/canonical-json.ts'

/**
 * An event, as its writer states it. Everything but `private` and `origin` becomes part of the
 * record and can never be erased: ids, names, codes and digests belong there, texts that people
 * wrote and data that identifies them do not.
 */
export interface LedgerEvent {
  /** `<noun>.<what happened>`: `decision.intent`, `task.opened`. */
  readonly type: string
  readonly decisionId?: string | undefined
  readonly person?: string | undefined
  readonly agent?: string | undefined
  /** Agents from the current one outwards. */
  readonly chain?: readonly string[] | undefined
  readonly task?: string | undefined
  readonly resource?: string | undefined
  readonly action?: string | undefined
  readonly outcome?: string | undefined
  /** A stable code. */
  readonly reason?: string | undefined
  readonly policyVersion?: number | undefined
  readonly callHash?: string | undefined
  /** The access request. */
  readonly requestId?: string | undefined
  readonly tokenId?: string | undefined
  /** Thumbprint of the key that proved possession (`cnf.jkt`). */
  readonly thumbprint?: string | undefined
  readonly upstream?:
    | {
        readonly status: number
        readonly digest?: string | undefined
        readonly latencyMs?: number | undefined
      }
    | undefined
  /** Source of the call: personal data, so a commitment. */
  readonly origin?: { readonly ip?: string; readonly userAgent?: string } | undefined
  /** Actor, when that is not the person it is about: a person's id, or `system`. */
  readonly by?: string | undefined
  /** Values that become salted commitments: they can be shown to match later, and erased. */
  readonly private?: Readonly<Record<string, Canonical | undefined>> | undefined
  /** Further facts that this type of event needs, by snake_case name. */
  readonly facts?: Readonly<Record<string, Canonical | undefined>> | undefined
}

export interface LedgerRecord {
  /** The index in the tree. */
  readonly position: number
  /** RFC 8785 JSON, the bytes that are hashed. */
  readonly record: string
}
