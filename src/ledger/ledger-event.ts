import type { Canonical } from '../lib/canonical-json.ts'

/**
 * What a writer says about one thing that happened. Everything but `private` and `origin` becomes part of the record and
 * can never be erased: ids, names, codes and digests belong there, what people wrote and what identifies them does not.
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
  /** Of the key that proved possession (`cnf.jkt`). */
  readonly thumbprint?: string | undefined
  readonly upstream?:
    | {
        readonly status: number
        readonly digest?: string | undefined
        readonly latencyMs?: number | undefined
      }
    | undefined
  /** Where the call came from: personal data, so a commitment. */
  readonly origin?: { readonly ip?: string; readonly userAgent?: string } | undefined
  /** Who did it, when that is not the person it is about: a person's id, or `system`. */
  readonly by?: string | undefined
  /** Becomes salted commitments: values can be shown to match later, and erased. */
  readonly private?: Readonly<Record<string, Canonical | undefined>> | undefined
  /** What else this type of event needs, by snake_case name. */
  readonly facts?: Readonly<Record<string, Canonical | undefined>> | undefined
}

export interface LedgerRecord {
  /** The index in the tree. */
  readonly position: number
  /** RFC 8785 JSON, the bytes that are hashed. */
  readonly record: string
}
