/** Rows of machine clients. See `../schema.ts`. */
import type { JsonText, Millis } from './column.ts'

export interface ClientRow {
  /** A name, never given twice. */
  id: string
  kind: 'enforcer' | 'introspector' | 'pep' | 'signal-source' | 'surface'
  /** Resource of an enforcer, or space of a surface. */
  target: string | null
  settings: JsonText
  created_by: string
  created_at: Millis
  last_used_at: Millis | null
  removed_at: Millis | null
}

export interface ClientCredentialRow {
  id: string
  client_id: string
  kind: 'secret' | 'key'
  /** Digest of the secret; thumbprint of a key. */
  digest: string
  jwk: JsonText | null
  kid: string | null
  created_by: string
  created_at: Millis
  last_used_at: Millis | null
  /** Time from which nobody is known by it; null: until it is ended. */
  ends_at: Millis | null
}
