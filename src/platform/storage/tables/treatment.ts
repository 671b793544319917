import type { Tables } from '../schema.ts'

/**
 * Treatment of a table in a backup. `kept`: restored as it was. `ended`: restored, and its authority
 * ends (`extensions/backup/end-store.ts`). `emptied`: in the backup, and not restored; a move
 * takes it along. `left_out`: state of running servers, in no backup, and empty after a restore. `derived`: in no
 * backup, because it is made again from other tables.
 */
export type Treatment = 'kept' | 'ended' | 'emptied' | 'left_out' | 'derived'

/**
 * Tables of the centre, in the order in which a backup has them. The question for a new table: if a row was revoked after the backup,
 * would something work again when it is restored?
 */
export const TREATMENT: Readonly<Record<keyof Tables, Treatment>> = {
  meta: 'ended',
  used_once: 'kept',
  used_proofs: 'kept',
  recorded_time: 'ended',
  live_epochs: 'ended',
  live_changes: 'left_out',
  live_replicas: 'left_out',
  signing_keys: 'ended',
  lasting_keys: 'kept',

  ledger_intake: 'kept',
  ledger_tiles: 'kept',
  // Before the others: they are the older ones.
  ledger_bundles: 'kept',
  ledger_leaves: 'kept',
  ledger_private: 'kept',
  ledger_head: 'kept',
  ledger_checkpoints: 'kept',
  ledger_breaks: 'kept',

  persons: 'kept',
  groups: 'kept',
  memberships: 'kept',
  stand_ins: 'ended',
  identity_providers: 'kept',
  group_mappings: 'kept',
  sessions: 'emptied',
  sign_ins: 'emptied',
  cli_codes: 'emptied',
  confirmations: 'emptied',
  passkeys: 'kept',
  passkey_recoveries: 'ended',

  agents: 'kept',
  agent_keys: 'kept',
  agent_clients: 'kept',
  agent_certificate_names: 'kept',
  certified_agents: 'kept',
  agent_descriptions: 'kept',
  admission_rules: 'kept',

  trusted_issuers: 'kept',
  workloads: 'kept',
  workload_tokens: 'kept',

  resources: 'kept',
  actions: 'kept',
  offered_definitions: 'kept',
  resource_answers: 'kept',
  connections: 'kept',

  clients: 'kept',
  client_credentials: 'kept',

  bearer_tokens: 'emptied',
  refresh_tokens: 'emptied',
  protocol_records: 'ended',

  spaces: 'kept',
  threads: 'kept',
  thread_requesters: 'kept',

  policy_sets: 'kept',

  access_requests: 'ended',
  asked_people: 'ended',
  approval_answers: 'kept',
  allowances: 'ended',
  break_glass: 'kept',
  evaluation_requests: 'emptied',

  outbox_events: 'emptied',
  deliveries: 'ended',
  own_channels: 'kept',
  channel_choices: 'kept',
  quiet_hours: 'kept',
  on_call: 'kept',

  bases: 'ended',
  consent_requests: 'ended',
  deferrals: 'emptied',
  authorizations: 'emptied',
  sponsor_grants: 'kept',
  tasks: 'ended',
  task_issuers: 'ended',
  foreign_tokens: 'kept',
  limits: 'kept',
  limit_counts: 'kept',
  limit_uses: 'kept',

  agent_habits: 'kept',
  action_sizes: 'kept',
  risk_signals: 'kept',

  decisions: 'kept',
  // A backup has them in the rows of `decisions`.
  decision_endings: 'derived',
  // The database fills it when the rows of `decisions` come.
  decisions_open: 'derived',
  // Filled again from `decisions`.
  decision_lists: 'derived',
  decision_lists_end: 'derived',
  decision_settings: 'kept',
  kept_results: 'emptied',
  mcp_tasks: 'emptied',
  mcp_logging: 'emptied',
  notices: 'kept',
}
