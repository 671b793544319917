import { json, nullable, sealed, text, time } from './column.ts'

export const tokens = {
  /** Tokens of clients without a key (contract 4). Only digests are kept. */
  bearer_tokens: {
    digest: text,
    /** Id in the ledger. */
    id: text,
    task_id: text,
    /** Identifier. */
    resource: text,
    /** `task.ep` */
    epochs: text,
    details: json,
    /** Thumbprint of the key it is bound to; null: a bearer token. */
    thumbprint: nullable(text),
    scope: nullable(text),
    issued_at: time,
    expires_at: time,
  },
  refresh_tokens: {
    digest: text,
    task_id: text,
    client_id: text,
    resource: text,
    scope: nullable(text),
    issued_at: time,
    expires_at: time,
    used_at: nullable(time),
    bound_to: text,
    /** Sealed. */
    successor: nullable(sealed),
  },
  /** Records that OAuth keeps between two requests. */
  protocol_records: {
    kind: text,
    id: text,
    payload: json,
    consumed_at: nullable(time),
    expires_at: nullable(time),
  },
}
