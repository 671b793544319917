/** Rows of trusted issuers. See `../schema.ts`. */
import type { Flag, JsonText, Millis } from './column.ts'

/** agents: issuers of others that are trusted, each with what may come of it at most */
export interface TrustedIssuerRow {
  name: string
  kind: 'oauth' | 'spiffe'
  /** What its tokens say, byte-exact; of a SPIFFE trust domain `spiffe://` and its name. */
  issuer: string
  tenant_claim: string | null
  tenant_value: string | null
  /** That the subject of each of its tokens begins with. */
  subject_prefix: string | null
  keys: JsonText
  algorithms: JsonText
  uses: JsonText
  audience: string | null
  rules: JsonText
  access: JsonText | null
  /** For whom its identity assertions speak. */
  people: JsonText | null
  /** What it gets of ours, where it is the server of another domain. */
  peer: JsonText | null
  /** With which introspection is asked. */
  sealed_secret: Uint8Array | null
  trust: number
  ceiling: JsonText | null
  most_agents: number
  agents: number
  most_life_seconds: number
  bearer: Flag
  owner_id: string
  contact: string
  expires_at: Millis | null
  state: 'active' | 'suspended' | 'revoked'
  created_by: string
  created_at: Millis
  most_people: number
  people_an_hour: number
  /** People who were never here before one of its tokens spoke of them; in all, and in the hour that began then. */
  people_brought: number
  hour_began: Millis
  hour_people: number
}

/** agents: whom an issuer vouches for */
export interface WorkloadRow {
  issuer: string
  subject: string
  agent_id: string
  created_at: Millis
}

/** agents: whose token it is that was shown, until it expires */
export interface WorkloadTokenRow {
  digest: string
  agent_id: string
  expires_at: Millis
}

/** tasks: the task that an access token of a foreign server opened */
export interface ForeignTokenRow {
  digest: string
  task_id: string
  expires_at: Millis
}

/** tasks: what rests on an issuer */
export interface TaskIssuerRow {
  issuer: string
  task_id: string
}
