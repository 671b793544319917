/** Rows of trusted issuers. See `../schema.ts`. */
import type { Flag, JsonText, Millis } from './column.ts'

/** agents: issuers of other organisations that are trusted, each with its limits */
export interface TrustedIssuerRow {
  name: string
  kind: 'oauth' | 'spiffe'
  /**
   * Issuer identifier of its tokens, byte-exact; of a SPIFFE trust domain `spiffe://` and its name.
   */
  issuer: string
  tenant_claim: string | null
  tenant_value: string | null
  /** Prefix that the subject of each of its tokens has to have. */
  subject_prefix: string | null
  keys: JsonText
  algorithms: JsonText
  uses: JsonText
  audience: string | null
  rules: JsonText
  access: JsonText | null
  /** People for whom its identity assertions speak. */
  people: JsonText | null
  /** Access that it gets from us, where it is the server of another domain. */
  peer: JsonText | null
  /** Credential for introspection, sealed. */
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
  /**
   * People who first became known by one of its tokens; in all, and in the hour that began then.
   */
  people_brought: number
  hour_began: Millis
  hour_people: number
}

/** agents: workloads that an issuer vouches for */
export interface WorkloadRow {
  issuer: string
  subject: string
  agent_id: string
  created_at: Millis
}

/** agents: digests of workload tokens that were presented, until they expire */
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

/** tasks: issuers that a task depends on */
export interface TaskIssuerRow {
  issuer: string
  task_id: string
}
