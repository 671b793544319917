import { flag, integer, json, nullable, sealed, text, textOneOf, time } from './column.ts'

export const issuers = {
  /** Issuers of other organisations that are trusted, each with its limits. */
  trusted_issuers: {
    name: text,
    kind: textOneOf('oauth', 'spiffe'),
    /**
     * Issuer identifier of its tokens, byte-exact; of a SPIFFE trust domain `spiffe://` and its name.
     */
    issuer: text,
    tenant_claim: nullable(text),
    tenant_value: nullable(text),
    /** Prefix that the subject of each of its tokens has to have. */
    subject_prefix: nullable(text),
    keys: json,
    algorithms: json,
    uses: json,
    audience: nullable(text),
    rules: json,
    access: nullable(json),
    /** People for whom its identity assertions speak. */
    people: nullable(json),
    /** Access that it gets from us, where it is the server of another domain. */
    peer: nullable(json),
    /** Credential for introspection, sealed. */
    sealed_secret: nullable(sealed),
    trust: integer,
    ceiling: nullable(json),
    most_agents: integer,
    agents: integer,
    most_life_seconds: integer,
    bearer: flag,
    owner_id: text,
    contact: text,
    expires_at: nullable(time),
    state: textOneOf('active', 'suspended', 'revoked'),
    created_by: text,
    created_at: time,
    most_people: integer,
    people_an_hour: integer,
    /**
     * People who first became known by one of its tokens; in all, and in the hour that began then.
     */
    people_brought: integer,
    hour_began: time,
    hour_people: integer,
  },
  /** Workloads that an issuer vouches for. */
  workloads: {
    issuer: text,
    subject: text,
    agent_id: text,
    created_at: time,
  },
  /** Digests of workload tokens that were presented, until they expire. */
  workload_tokens: {
    digest: text,
    agent_id: text,
    expires_at: time,
  },
}
