import type { Flag, JsonText, Millis } from './column.ts'

/** policy: enforcement points of other systems, and what answers them */
export interface PepRow {
  name: string
  mode: 'task' | 'policy-only' | 'issuance'
  /** Set for an authorization server that asks before it issues (`issuance`), and for no other. */
  issuing: JsonText | null
  policy_set: string | null
  resources: JsonText | null
  properties: Flag
  names_tasks: Flag
  takes: Flag
  created_by: string
  created_at: Millis
  last_used_at: Millis | null
  revoked_at: Millis | null
}

export interface PepCredentialRow {
  id: string
  pep: string
  kind: 'secret' | 'key'
  /** Digest of the secret; thumbprint of a key. */
  digest: string
  jwk: JsonText | null
  kid: string | null
  created_by: string
  created_at: Millis
  ended_at: Millis | null
}

export interface PolicyOnlySetRow {
  name: string
  version: number
  policies: string
  schema_text: string
  entities: JsonText
  digest: string
  note: string
  published_by: string
  published_at: Millis
}

/** approvals: denials at enforcement points that people could lift */
export interface EvaluationDenialRow {
  id: string
  pep: string
  binding_hash: string
  question: JsonText
  insufficient: JsonText
  expires_at: Millis
}

/** approvals: requests of enforcement points about such a denial */
export interface EvaluationRequestRow {
  id: string
  pep: string
  evaluation_id: string
  binding_hash: string
  request_id: string
  approval_id: string
  requested_until: Millis | null
  idempotency_key: string | null
  body_digest: string
  created_at: Millis
  expires_at: Millis
}
