import { json, nullable, text, textOneOf, time } from './column.ts'

export const clients = {
  clients: {
    /** A name, never given twice. */
    id: text,
    kind: textOneOf('enforcer', 'introspector', 'pep', 'signal-source', 'surface'),
    /** Resource of an enforcer, or space of a surface. */
    target: nullable(text),
    settings: json,
    created_by: text,
    created_at: time,
    last_used_at: nullable(time),
    removed_at: nullable(time),
  },
  client_credentials: {
    id: text,
    client_id: text,
    kind: textOneOf('secret', 'key'),
    /** Digest of the secret; thumbprint of a key. */
    digest: text,
    jwk: nullable(json),
    kid: nullable(text),
    created_by: text,
    created_at: time,
    last_used_at: nullable(time),
    /** Time from which it is no longer accepted; null: it does not expire. */
    ends_at: nullable(time),
  },
}
