/**
 * Every table, as rows. Portable between both engines: times are epoch milliseconds (BIGINT), flags are 0 or 1,
 * JSON is canonical text, digests and ids are text compared byte by byte (collation C), blobs are bytes.
 * A business folder reads and writes its own tables only, in its `*-store.ts`.
 */
import type { Generated } from 'kysely'

type Millis = number
type Flag = 0 | 1
type JsonText = string

/** storage: what may happen once. See `consume-once.ts`. */
export interface UsedOnceRow {
  kind: string
  key: string
  expires_at: Millis
}

export interface MetaRow {
  key: string
  value: string
}

/** live (contract 8). `state` is `active`, `suspended` or `ended`; only `active` permits. */
export interface LiveEpochRow {
  kind: string
  id: string
  epoch: number
  state: string
}
export interface LiveChangeRow {
  seq: Generated<number>
  kind: string
  id: string
  epoch: number
  state: string
  at: Millis
}
export interface LiveReplicaRow {
  id: string
  lease_until: Millis
  acknowledged: number
  started_at: Millis
}

/** keys: private halves are sealed with the master key (AES-256-GCM, row identity as additional data). */
export interface SigningKeyRow {
  kid: string
  purpose: string
  alg: string
  public_jwk: JsonText
  sealed: Uint8Array
  created_at: Millis
  retired_at: Millis | null
}

/** people */
export interface PersonRow {
  id: string
  issuer: string
  subject: string
  name: string
  email: string | null
  status: string
  created_at: Millis
  last_seen_at: Millis
}
export interface GroupRow {
  name: string
  description: string
  created_at: Millis
}
export interface MembershipRow {
  person_id: string
  group_name: string
  /** `provider` memberships are replaced at each sign-in, `manual` ones are an administrator's. */
  source: string
}
export interface IdentityProviderRow {
  issuer: string
  name: string
  client_id: string
  sealed_secret: Uint8Array | null
  groups_claim: string
  created_at: Millis
}
/** A provider's group value counts only through a row here. */
export interface GroupMappingRow {
  issuer: string
  value: string
  group_name: string
}
export interface SessionRow {
  digest: string
  person_id: string
  /** `browser` or `cli` */
  kind: string
  auth_time: Millis
  created_at: Millis
  last_seen_at: Millis
  expires_at: Millis
}
/** A sign-in under way at a provider. */
export interface SignInRow {
  state_digest: string
  issuer: string
  sealed: Uint8Array
  return_to: string
  expires_at: Millis
}
/** One-time codes that hand a CLI its session (PKCE, loopback). */
export interface CliCodeRow {
  digest: string
  person_id: string
  challenge: string
  redirect_uri: string
  auth_time: Millis
  expires_at: Millis
}
export interface ConfirmationRow {
  id: string
  person_id: string
  operation: string
  payload_digest: string
  payload: JsonText
  state: string
  created_at: Millis
  expires_at: Millis
  answered_at: Millis | null
}

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
}

/** connections */
export interface ConnectionRow {
  name: string
  kind: string
  header: string
  sealed: Uint8Array
  created_at: Millis
}

/** tasks: delegation bases and tasks */
export interface BasisRow {
  id: string
  person_id: string
  agent_id: string
  kind: string
  details: JsonText
  granted_by: string
  created_at: Millis
  expires_at: Millis | null
  ended_at: Millis | null
}
export interface ConsentRequestRow {
  id: string
  agent_id: string
  person_id: string
  purpose: string
  details: JsonText
  state: string
  basis_id: string | null
  created_at: Millis
  expires_at: Millis
}
export interface TaskRow {
  id: string
  root_id: string
  parent_id: string | null
  person_id: string
  agent_id: string
  purpose: string
  details: JsonText
  may_delegate: JsonText
  bases: JsonText
  space_id: string | null
  key_thumbprint: string
  state: string
  opened_at: Millis
  deadline: Millis
  closed_at: Millis | null
  close_reason: string | null
}

/** policy */
export interface PolicySetRow {
  version: number
  text: string
  schema_text: string
  digest: string
  note: string
  published_by: string
  published_at: Millis
}

/** approvals */
export interface AccessRequestRow {
  id: string
  task_id: string
  person_id: string
  agent_id: string
  resource: string
  action: string
  call_hash: string
  /** The frozen call that is displayed and hashed: canonical JSON. */
  call: JsonText
  text: string
  template_digest: string
  ask: JsonText
  policy_version: number
  risk: string
  nonce: string
  decision_id: string
  /** `pending`, `approved`, `denied`, `expired`, `cancelled` */
  state: string
  reason: string | null
  created_at: Millis
  expires_at: Millis
  answered_at: Millis | null
  answer_hash: string | null
  /** How often it may still be executed: 1 after approval, 0 after use. */
  uses_left: number
  used_by: string | null
  usable_until: Millis | null
}
export interface ApprovalAnswerRow {
  request_id: string
  person_id: string
  answer: string
  reason: string | null
  answer_hash: string
  auth_time: Millis
  answered_at: Millis
}

/** decisions */
export interface DecisionRow {
  id: string
  task_id: string | null
  person_id: string | null
  agent_id: string | null
  resource: string | null
  action: string | null
  /** `permit`, `deny`, `requestable` */
  outcome: string
  reason: string
  call_hash: string | null
  policy_version: number | null
  request_id: string | null
  /** Gate results for `explain`: canonical JSON. */
  explanation: JsonText
  /** `decided`, `sending`, `answered`, `not_sent`, `failed`, `indeterminate` */
  state: string
  status: number | null
  replica_id: string
  at: Millis
  ended_at: Millis | null
}

/** ledger (contract 9) */
export interface LedgerIntakeRow {
  seq: Generated<number>
  record: Uint8Array
  private: JsonText | null
}
export interface LedgerLeafRow {
  position: number
  leaf_hash: Uint8Array
  record: Uint8Array
}
/** Salts and values behind the commitments; erasable without touching the tree. */
export interface LedgerPrivateRow {
  position: number
  private: JsonText
}
export interface LedgerTileRow {
  level: number
  tile: number
  hashes: Uint8Array
}
export interface LedgerHeadRow {
  id: number
  size: number
  fence: number
}
export interface LedgerCheckpointRow {
  size: number
  note: string
  at: Millis
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

export interface Schema {
  meta: MetaRow
  used_once: UsedOnceRow
  live_epochs: LiveEpochRow
  live_changes: LiveChangeRow
  live_replicas: LiveReplicaRow
  signing_keys: SigningKeyRow
  persons: PersonRow
  groups: GroupRow
  memberships: MembershipRow
  identity_providers: IdentityProviderRow
  group_mappings: GroupMappingRow
  sessions: SessionRow
  sign_ins: SignInRow
  cli_codes: CliCodeRow
  confirmations: ConfirmationRow
  agents: AgentRow
  agent_keys: AgentKeyRow
  agent_clients: AgentClientRow
  resources: ResourceRow
  actions: ActionRow
  connections: ConnectionRow
  bases: BasisRow
  consent_requests: ConsentRequestRow
  tasks: TaskRow
  policy_sets: PolicySetRow
  access_requests: AccessRequestRow
  approval_answers: ApprovalAnswerRow
  decisions: DecisionRow
  ledger_intake: LedgerIntakeRow
  ledger_leaves: LedgerLeafRow
  ledger_private: LedgerPrivateRow
  ledger_tiles: LedgerTileRow
  ledger_head: LedgerHeadRow
  ledger_checkpoints: LedgerCheckpointRow
  oidc_payloads: OidcPayloadRow
}
