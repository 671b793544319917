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
  /** Of an agent that registered itself: the admission rule that matched, or empty when none did. */
  admission: string | null
  /** Where it wants to be told of answers. */
  notify_at: string | null
  /** Of an agent that a trusted issuer vouches for: the registration of that. It ends with it. */
  issuer: string | null
  /** Its OAuth client id, where that is the address of a metadata document. */
  client_url: string | null
  /** How long its owner's word for it counts, and until when the last one does; null: for ever. */
  recertify_days: number | null
  recertify_by: Millis | null
  /** Of one that was suspended by itself. */
  suspended_for: string | null
  resumed_at: Millis | null
}

/** What an agent that came by itself says of itself: as it was let in, or as its document was last found. */
export interface AgentDescriptionRow {
  agent_id: string
  client_name: string
  redirect_uris: JsonText
  /** How it may authenticate. */
  methods: JsonText
  /** Thumbprints of its keys, sorted. */
  keys: JsonText
  /** The keys, of a client that registered them with us. */
  jwks: JsonText | null
  jwks_uri: string | null
  /** Of name, redirects and methods. */
  digest: string
  noticed_at: Millis
  changed_at: Millis | null
}

/** Which clients that come by themselves become agents, with what trust, ceiling and owner (contract 1). */
export interface AdmissionRuleRow {
  name: string
  /** `dynamic`: RFC 7591; `document`: metadata documents. */
  mode: string
  redirect_hosts: JsonText
  /** Where documents are. */
  document_hosts: JsonText
  /** Of clients that registered: which software they say they are; any, when empty. */
  software_ids: JsonText
  /** What follows when a document has a key that it had not: `accept`, `ask`, `suspend`. */
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

/** Which client at which identity provider is this agent's, so that tokens issued to it can be exchanged. */
export interface AgentCertificateNameRow {
  kind: string
  value: string
  agent_id: string
  created_at: number
}

export interface CertifiedAgentRow {
  agent_id: string
}

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
  /** What an MCP server said about itself when it was reviewed. */
  server: JsonText | null
  /** 1: what its tools say about requests to decision points counts. */
  mappings_trusted: Flag
  /** Of its resource tokens: `jwt` or `opaque`. */
  token_form: string
  /** `public`, or `pairwise`: the name of a person is another one at each resource. */
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
  /** The MCP definition that was reviewed, and is what clients are shown. */
  definition: JsonText | null
  /** Pointers to the arguments that say whom a call is about, and how large it is. */
  counterparty: string | null
  size: string | null
  /** What a document says about it in words. */
  description: string | null
  /** Since when, and by whose word, the definition is the one that counts. */
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
  /** Or why it cannot be read. */
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

/** oauth: what oidc-provider stores */
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

/** catalog: what the answers of an API can look like, as JSON; of all its operations. */
export interface ResourceAnswersRow {
  resource: string
  shapes: JsonText
}

/** tokens: of clients without a key (contract 4). Only digests are kept. */
export interface BearerTokenRow {
  digest: string
  /** What the ledger calls it by. */
  id: string
  task_id: string
  /** Identifier. */
  resource: string
  /** `task.ep` */
  epochs: string
  details: JsonText
  /** Of the key it is bound to; null: a bearer token. */
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
