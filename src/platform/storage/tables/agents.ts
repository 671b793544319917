import { integer, json, nullable, optionalColumn, text, time } from './column.ts'

export const agents = {
  agents: {
    id: text,
    name: text,
    description: text,
    owner_id: text,
    trust: integer,
    ceiling: text,
    may_delegate: nullable(text),
    status: text,
    created_at: time,
    /** Admission rule that an agent matched when it registered itself, or empty when none did. */
    admission: nullable(text),
    /** Address at which it wants to be told of answers. */
    notify_at: nullable(text),
    /** Registration of the trusted issuer that vouches for the agent. The agent ends with it. */
    issuer: nullable(text),
    /** OAuth client id, where that is the address of a metadata document. */
    client_url: nullable(text),
    /**
     * Days between two certifications by its owner, and the time when the last one lapses; null:
     * never.
     */
    recertify_days: nullable(integer),
    recertify_by: nullable(time),
    /** Reason of an automatic suspension. */
    suspended_for: nullable(text),
    resumed_at: nullable(time),
    /** Minutes without use after which a task that a code opened ends; 0: it does not. */
    idle_minutes: integer,
  },
  agent_keys: {
    agent_id: text,
    thumbprint: text,
    kid: text,
    jwk: json,
    created_at: time,
    revoked_at: optionalColumn(time),
  },
  /**
   * Client at an identity provider that is this agent's, so that tokens issued to it can be
   * exchanged.
   */
  agent_clients: {
    issuer: text,
    client_id: text,
    agent_id: text,
  },
  /** Name in client certificates that is this agent's. */
  agent_certificate_names: {
    kind: text,
    value: text,
    agent_id: text,
    created_at: integer,
  },
  certified_agents: {
    agent_id: text,
  },
  /**
   * Description that a self-registered agent gives of itself: as it was admitted, or as its document
   * was last found.
   */
  agent_descriptions: {
    agent_id: text,
    client_name: text,
    redirect_uris: json,
    /** Authentication methods that it may use. */
    methods: json,
    /** Thumbprints of its keys, sorted. */
    keys: json,
    /** Keys of a client that registered them with us. */
    jwks: nullable(json),
    jwks_uri: nullable(text),
    /** 1: it holds itself to the FAPI 2.0 Security Profile. */
    fapi2: integer,
    /** Digest of name, redirects and methods. */
    digest: text,
    /** Digest that public clients share which are the same software; null: it is itself only. */
    software_digest: nullable(text),
    noticed_at: time,
    changed_at: nullable(time),
  },
  /**
   * Rule that makes agents of self-registered clients, with a trust, a ceiling and an owner (contract
   * 1).
   */
  admission_rules: {
    name: text,
    /** `dynamic`: RFC 7591; `document`: metadata documents. */
    mode: text,
    redirect_hosts: json,
    /** Hosts that documents may be at. */
    document_hosts: json,
    /** Software identifiers that registered clients have to have; any, when empty. */
    software_ids: json,
    /** Consequence of a new key in a document: `accept`, `ask`, `suspend`. */
    key_change: text,
    trust: integer,
    ceiling: text,
    may_delegate: nullable(text),
    owner_id: text,
    created_by: text,
    created_at: time,
  },
}
