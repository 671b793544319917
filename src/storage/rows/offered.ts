/** Rows of agents, catalog, connections and tokens. See `../schema.ts`. */
import type { Flag, JsonText, Millis } from './column.ts'

/** agents */
export interface AgentRow {
  id: string
  name: string
  description: string
  owner_id: string
  trust: number
  ceiling: JsonText
  may_delegate: JsonText | null
  status: string
  created_at: Millis
  /** Admission rule that an agent matched when it registered itself, or empty when none did. */
  admission: string | null
  /** Address at which it wants to be told of answers. */
  notify_at: string | null
  /** Registration of the trusted issuer that vouches for the agent. The agent ends with it. */
  issuer: string | null
  /** OAuth client id, where that is the address of a metadata document. */
  client_url: string | null
  /**
   * Days between two certifications by its owner, and the time when the last one lapses; null:
   * never.
   */
  recertify_days: number | null
  recertify_by: Millis | null
  /** Reason of an automatic suspension. */
  suspended_for: string | null
  resumed_at: Millis | null
}

/**
 * Description that a self-registered agent gives of itself: as it was admitted, or as its document
 * was last found.
 */
export interface AgentDescriptionRow {
  agent_id: string
  client_name: string
  redirect_uris: JsonText
  /** Authentication methods that it may use. */
  methods: JsonText
  /** Thumbprints of its keys, sorted. */
  keys: JsonText
  /** Keys of a client that registered them with us. */
  jwks: JsonText | null
  jwks_uri: string | null
  /** 1: it holds itself to the FAPI 2.0 Security Profile. */
  fapi2: number
  /** Digest of name, redirects and methods. */
  digest: string
  noticed_at: Millis
  changed_at: Millis | null
}

/**
 * Rule that makes agents of self-registered clients, with a trust, a ceiling and an owner (contract
 * 1).
 */
export interface AdmissionRuleRow {
  name: string
  /** `dynamic`: RFC 7591; `document`: metadata documents. */
  mode: string
  redirect_hosts: JsonText
  /** Hosts that documents may be at. */
  document_hosts: JsonText
  /** Software identifiers that registered clients have to have; any, when empty. */
  software_ids: JsonText
  /** Consequence of a new key in a document: `accept`, `ask`, `suspend`. */
  key_change: string
  trust: number
  ceiling: JsonText
  may_delegate: JsonText | null
  owner_id: string
  created_by: string
  created_at: Millis
}

export interface AgentKeyRow {
  agent_id: string
  thumbprint: string
  kid: string
  jwk: JsonText
  created_at: Millis
  revoked_at: Millis | null
}

/** Name in client certificates that is this agent's. */
export interface AgentCertificateNameRow {
  kind: string
  value: string
  agent_id: string
  created_at: number
}

export interface CertifiedAgentRow {
  agent_id: string
}

/**
 * Client at an identity provider that is this agent's, so that tokens issued to it can be
 * exchanged.
 */
export interface AgentClientRow {
  issuer: string
  client_id: string
  agent_id: string
}

/** catalog */
export interface ResourceRow {
  name: string
  identifier: string
  title: string
  /** `gateway` or `direct` */
  mode: string
  upstream: string
  /** 1: inside the trust domain, receives the transaction token. */
  trusted: Flag
  connection: string | null
  document_digest: string
  status: string
  created_at: Millis
  updated_at: Millis
  /** `http` or `mcp` */
  protocol: string
  /** Self-description of an MCP server when it was reviewed. */
  server: JsonText | null
  /** 1: its tools' own mappings of requests to decision points count. */
  mappings_trusted: Flag
  /** Form of its resource tokens: `jwt` or `opaque`. */
  token_form: string
  /**
   * Names of people in its tokens: `public`, or `pairwise` with another name of a person at each
   * resource.
   */
  subjects: string
}

export interface ActionRow {
  resource: string
  name: string
  method: string
  path: string
  /** `read` or `write` */
  access: string
  risk: string
  /** 1 until an administrator has set the risk class. */
  risk_proposed: Flag
  sentence: string
  /** Argument schema, see catalog/arguments. */
  arguments: JsonText
  untyped: JsonText
  digest: string
  /** MCP definition that was reviewed, as clients are shown it. */
  definition: JsonText | null
  /** Pointers to the arguments that say whom a call is about, and how large it is. */
  counterparty: string | null
  size: string | null
  /** Description of the action in its document. */
  description: string | null
  /** Time when the definition was accepted, and who accepted it. */
  accepted_at: Millis
  accepted_by: string
}

/** catalog: a definition that is offered and that nobody has accepted. */
export interface OfferedDefinitionRow {
  action: string
  resource: string
  /** `changed`: the action is quarantined. `added`: it is not in the catalog yet. */
  kind: string
  /** `waiting` or `rejected` */
  state: string
  /** The action as it would be. */
  definition: JsonText | null
  /** Reason why it cannot be read. */
  unreadable: string | null
  digest: string
  /** `import` or `server` */
  source: string
  offered_at: Millis
  offered_by: string
}

/** catalog: how an API that asks per call authenticates. */
export interface EnforcerRow {
  id: string
  digest: string
  resource: string
  created_by: string
  created_at: Millis
  last_used_at: Millis | null
  revoked_at: Millis | null
}

/** connections */
export interface ConnectionRow {
  name: string
  kind: string
  header: string
  sealed: Uint8Array
  created_at: Millis
}

/** oauth: rows of oidc-provider */
export interface OidcPayloadRow {
  model: string
  id: string
  payload: JsonText
  grant_id: string | null
  user_code: string | null
  uid: string | null
  consumed_at: Millis | null
  expires_at: Millis | null
}

/** catalog: schemas of an API's answers as JSON, for all its operations. */
export interface ResourceAnswersRow {
  resource: string
  shapes: JsonText
}

/** tokens: tokens of clients without a key (contract 4). Only digests are kept. */
export interface BearerTokenRow {
  digest: string
  /** Id in the ledger. */
  id: string
  task_id: string
  /** Identifier. */
  resource: string
  /** `task.ep` */
  epochs: string
  details: JsonText
  /** Thumbprint of the key it is bound to; null: a bearer token. */
  thumbprint: string | null
  scope: string | null
  issued_at: Millis
  expires_at: Millis
}

export interface RefreshTokenRow {
  digest: string
  task_id: string
  client_id: string
  resource: string
  scope: string | null
  issued_at: Millis
  expires_at: Millis
  used_at: Millis | null
  bound_to: string
  /** Sealed. */
  successor: Uint8Array | null
}
