import type {
  EvaluationDenialRow,
  EvaluationRequestRow,
  PepCredentialRow,
  PepRow,
  PolicyOnlySetRow,
} from './rows/asked.ts'
import type { ClientCredentialRow, ClientRow } from './rows/clients.ts'
import type {
  LastingKeyRow,
  LedgerBreakRow,
  LedgerCheckpointRow,
  LedgerHeadRow,
  LedgerIntakeRow,
  LedgerLeafRow,
  LedgerPrivateRow,
  LedgerTileRow,
  LiveChangeRow,
  LiveEpochRow,
  LiveReplicaRow,
  MetaRow,
  RecordedTimeRow,
  SigningKeyRow,
  UsedOnceRow,
} from './rows/ground.ts'
import type {
  ForeignTokenRow,
  TaskIssuerRow,
  TrustedIssuerRow,
  WorkloadRow,
  WorkloadTokenRow,
} from './rows/issuers.ts'
import type {
  ActionRow,
  AdmissionRuleRow,
  AgentCertificateNameRow,
  AgentClientRow,
  AgentDescriptionRow,
  AgentKeyRow,
  AgentRow,
  BearerTokenRow,
  CertifiedAgentRow,
  ConnectionRow,
  EnforcerRow,
  OfferedDefinitionRow,
  OidcPayloadRow,
  RefreshTokenRow,
  ResourceAnswersRow,
  ResourceRow,
} from './rows/offered.ts'
import type {
  CliCodeRow,
  ConfirmationRow,
  GroupMappingRow,
  GroupRow,
  IdentityProviderRow,
  MembershipRow,
  PersonRow,
  SessionRow,
  SignInRow,
} from './rows/people.ts'
import type {
  ActionSizeRow,
  AgentHabitRow,
  DecisionPointRow,
  RiskSignalRow,
  SignalSourceRow,
} from './rows/risk.ts'
import type { ShadowCountRow, ShadowDifferenceRow, ShadowDraftRow } from './rows/shadows.ts'
import type { NoticeRow, SpaceRow, SurfaceRow, ThreadRow } from './rows/spaces.ts'
import type {
  AccessRequestRow,
  AllowanceRow,
  ApprovalAnswerRow,
  AskedPersonRow,
  AuthorizationRow,
  BasisRow,
  ConsentRequestRow,
  DecisionRow,
  DecisionSettingRow,
  DeferralRow,
  KeptResultRow,
  LimitCountRow,
  LimitRow,
  LimitUseRow,
  PolicySetRow,
  SponsorGrantRow,
  TaskRow,
} from './rows/work.ts'

/**
 * Tables, all of them, as rows. Portable between both engines: times are epoch milliseconds
 * (BIGINT), flags are 0 or 1, JSON is canonical text, digests and ids are text compared byte by
 * byte (collation C), blobs are bytes. A business folder reads and writes its own tables only, in
 * its `*-store.ts`.
 */
export interface Schema {
  meta: MetaRow
  used_once: UsedOnceRow
  live_epochs: LiveEpochRow
  live_changes: LiveChangeRow
  live_replicas: LiveReplicaRow
  recorded_time: RecordedTimeRow
  signing_keys: SigningKeyRow
  lasting_keys: LastingKeyRow
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
  agent_certificate_names: AgentCertificateNameRow
  certified_agents: CertifiedAgentRow
  trusted_issuers: TrustedIssuerRow
  workloads: WorkloadRow
  workload_tokens: WorkloadTokenRow
  foreign_tokens: ForeignTokenRow
  task_issuers: TaskIssuerRow
  agent_descriptions: AgentDescriptionRow
  resources: ResourceRow
  actions: ActionRow
  offered_definitions: OfferedDefinitionRow
  connections: ConnectionRow
  bases: BasisRow
  consent_requests: ConsentRequestRow
  deferrals: DeferralRow
  tasks: TaskRow
  policy_sets: PolicySetRow
  shadow_drafts: ShadowDraftRow
  shadow_counts: ShadowCountRow
  shadow_differences: ShadowDifferenceRow
  access_requests: AccessRequestRow
  asked_people: AskedPersonRow
  approval_answers: ApprovalAnswerRow
  decisions: DecisionRow
  decision_settings: DecisionSettingRow
  ledger_intake: LedgerIntakeRow
  ledger_leaves: LedgerLeafRow
  ledger_private: LedgerPrivateRow
  ledger_tiles: LedgerTileRow
  ledger_head: LedgerHeadRow
  ledger_checkpoints: LedgerCheckpointRow
  ledger_breaks: LedgerBreakRow
  oidc_payloads: OidcPayloadRow
  admission_rules: AdmissionRuleRow
  authorizations: AuthorizationRow
  sponsor_grants: SponsorGrantRow
  limits: LimitRow
  limit_counts: LimitCountRow
  limit_uses: LimitUseRow
  resource_answers: ResourceAnswersRow
  allowances: AllowanceRow
  kept_results: KeptResultRow
  bearer_tokens: BearerTokenRow
  refresh_tokens: RefreshTokenRow
  clients: ClientRow
  client_credentials: ClientCredentialRow
  enforcers: EnforcerRow
  peps: PepRow
  pep_credentials: PepCredentialRow
  policy_only_sets: PolicyOnlySetRow
  evaluation_denials: EvaluationDenialRow
  evaluation_requests: EvaluationRequestRow
  spaces: SpaceRow
  surfaces: SurfaceRow
  threads: ThreadRow
  notices: NoticeRow
  agent_habits: AgentHabitRow
  action_sizes: ActionSizeRow
  risk_signals: RiskSignalRow
  signal_sources: SignalSourceRow
  decision_points: DecisionPointRow
}
