/** Guards of one room, and the suites that hold them. Paths from the root of the repository. */
export interface GuardedRoom {
  readonly guards: readonly string[]
  readonly suites: readonly string[]
}

/** Rooms in the order of the house, floor first. A suite here runs in seconds, on SQLite. */
export const ROOMS: Readonly<Record<string, GuardedRoom>> = {
  engine: {
    guards: ['covers.ts', 'fits.ts', 'granted.ts', 'intersect.ts', 'contains.ts'].map(inEngine),
    // Without those about whole policy sets, which take longer.
    suites: ['engine/src/{algebra,ask,covers,exact,issuable,parse-details}.test.ts'],
  },
  jose: {
    guards: [
      'src/platform/jose/check-jwt.ts',
      'src/platform/jose/key-strength.ts',
      'src/platform/jose/signature.ts',
    ],
    suites: ['src/platform/jose/*.test.ts'],
  },
  net: { guards: ['src/platform/net/address.ts'], suites: ['src/platform/net/address.test.ts'] },
  storage: {
    guards: ['src/platform/storage/consume-once.ts'],
    suites: ['src/platform/storage/consume-once.test.ts'],
  },
  revocation: {
    guards: [
      'src/platform/revocation/live.ts',
      'src/platform/revocation/lease.ts',
      'src/platform/revocation/kept-view.ts',
    ],
    suites: ['src/platform/revocation/*.test.ts'],
  },
  possession: {
    guards: ['src/identity/possession/dpop-proof.ts', 'src/identity/possession/dpop-nonces.ts'],
    suites: ['src/identity/possession/*.test.ts'],
  },
  'agent-authentication': {
    guards: [
      'src/identity/agent-authentication/authenticate.ts',
      'src/identity/agent-authentication/assertion-fault.ts',
    ],
    suites: ['src/identity/agent-authentication/*.test.ts'],
  },
  sessions: {
    guards: [
      'src/identity/sessions/step-up.ts',
      'src/identity/sessions/confirmation/confirm.ts',
      'src/identity/sessions/read-session.ts',
    ],
    suites: ['src/identity/sessions/*.test.ts', 'src/identity/sessions/confirmation/*.test.ts'],
  },
  passkeys: {
    guards: ['src/identity/passkeys/verify-assertion.ts', 'src/identity/passkeys/challenge.ts'],
    suites: ['src/identity/passkeys/*.test.ts', 'src/approvals/approvals/sign-answer.test.ts'],
  },
  'access-requests': {
    guards: [
      'src/approvals/access-requests/eligibility.ts',
      'src/approvals/access-requests/standing.ts',
    ],
    suites: ['src/approvals/access-requests/*.test.ts', 'src/approvals/approvals/answer.test.ts'],
  },
  approvals: {
    guards: [
      'src/approvals/approvals/answer.ts',
      'src/approvals/approvals/break-glass/break-glass.ts',
      'src/approvals/approvals/break-glass/open.ts',
      'src/approvals/approvals/break-glass/review.ts',
    ],
    suites: [
      'src/approvals/approvals/*.test.ts',
      'src/approvals/approvals/allowance/allowance.test.ts',
      'src/approvals/approvals/break-glass/*.test.ts',
    ],
  },
  'stand-ins': {
    guards: ['src/identity/stand-ins/answerer.ts', 'src/identity/stand-ins/name-stand-in.ts'],
    suites: [
      'src/identity/stand-ins/*.test.ts',
      'src/approvals/approvals/{stand-in-answers,who-answers}.test.ts',
    ],
  },
  budgets: {
    guards: ['src/tasks/budgets/take-budget.ts', 'src/tasks/budgets/peek-budget.ts'],
    suites: ['src/tasks/budgets/*.test.ts'],
  },
  tokens: {
    guards: ['src/identity/tokens/access-token.ts', 'src/identity/tokens/verified-tokens.ts'],
    suites: ['src/identity/tokens/*.test.ts'],
  },
  retention: {
    guards: [
      'src/extensions/retention/erasures.ts',
      'src/extensions/retention/hold.ts',
      'src/extensions/retention/sweep.ts',
    ],
    suites: ['src/extensions/retention/{hold,sweep,erasures,retention,erased-bytes}.test.ts'],
  },
  lib: {
    guards: ['src/platform/lib/client-url.ts', 'src/platform/lib/json.ts'],
    suites: ['src/platform/lib/client-url.test.ts', 'src/platform/lib/json.test.ts'],
  },
  keys: {
    guards: ['src/platform/keys/certificates/constraints.ts'],
    suites: ['src/platform/keys/certificates/*.test.ts'],
  },
  bodies: {
    guards: [
      'src/platform/bodies/media-type.ts',
      'src/platform/bodies/part-head.ts',
      'src/platform/bodies/parse-body.ts',
    ],
    suites: [
      'src/platform/bodies/media-type.test.ts',
      'src/platform/bodies/part-head.test.ts',
      'src/platform/bodies/parse-body.test.ts',
      'src/platform/bodies/form.test.ts',
      'src/platform/bodies/multipart-reader.test.ts',
    ],
  },
  ledger: {
    guards: ['src/platform/ledger/proofs.ts', 'src/platform/ledger/tree.ts'],
    suites: ['src/platform/ledger/tree.test.ts'],
  },
  cedar: {
    guards: ['src/policy/cedar/exact-integers.ts'],
    suites: ['src/policy/cedar/exact-integers.test.ts'],
  },
  obligations: {
    guards: ['src/policy/obligations/reshape.ts'],
    suites: ['src/policy/obligations/reshape.test.ts'],
  },
  risk: {
    guards: ['src/tasks/risk/pace.ts', 'src/tasks/risk/size.ts'],
    suites: ['src/tasks/risk/pace.test.ts', 'src/tasks/risk/size.test.ts'],
  },
  'decision-points': {
    guards: ['src/extensions/decision-points/circuit.ts'],
    suites: ['src/extensions/decision-points/circuit.test.ts'],
  },
  'identity-providers': {
    guards: ['src/identity/identity-providers/id-token-mistake.ts'],
    suites: ['src/identity/identity-providers/id-token-mistake.test.ts'],
  },
  'client-metadata': {
    guards: [
      'src/identity/client-metadata/admission/match-rule.ts',
      'src/identity/client-metadata/documents/lifetime.ts',
      'src/identity/client-metadata/redirect-uri.ts',
    ],
    suites: [
      'src/identity/client-metadata/admission/match-rule.test.ts',
      'src/identity/client-metadata/documents/lifetime.test.ts',
      'src/identity/client-metadata/redirect-uri.test.ts',
    ],
  },
  issuers: {
    guards: ['src/identity/issuers/claim-test.ts'],
    suites: ['src/identity/issuers/claim-test.test.ts'],
  },
  'argument-types': {
    guards: ['src/catalog/argument-types/pattern.ts'],
    suites: ['src/catalog/argument-types/pattern.test.ts'],
  },
  'resource-groups': {
    guards: ['src/catalog/resource-groups/look-alikes.ts'],
    suites: ['src/catalog/resource-groups/look-alikes.test.ts'],
  },
  sponsorship: {
    guards: ['src/tasks/sponsorship/schedule.ts'],
    suites: ['src/tasks/sponsorship/schedule.test.ts'],
  },
  consent: {
    guards: ['src/tasks/consent/narrowing.ts'],
    suites: ['src/tasks/consent/narrowing.test.ts'],
  },
  issuance: {
    guards: ['src/grants/issuance/authority.ts'],
    suites: ['src/grants/issuance/authority.test.ts'],
  },
  'mcp-messages': {
    guards: ['src/calls/mcp-messages/scrub.ts', 'src/calls/mcp-messages/forwarded-answer.ts'],
    suites: [
      'src/calls/mcp-messages/scrub.test.ts',
      'src/calls/mcp-messages/forwarded-answer.test.ts',
    ],
  },
  'mcp-sessions': {
    guards: ['src/calls/mcp-sessions/session-id.ts', 'src/calls/mcp-sessions/request-state.ts'],
    suites: [
      'src/calls/mcp-sessions/session-id.test.ts',
      'src/calls/mcp-sessions/request-state.test.ts',
    ],
  },
  'opaque-tokens': {
    guards: [
      'src/identity/opaque-tokens/opaque-token.ts',
      'src/identity/opaque-tokens/protocol-records.ts',
    ],
    suites: ['src/identity/opaque-tokens/*.test.ts'],
  },
  connections: {
    guards: ['src/identity/connections/use-connection.ts'],
    suites: ['src/identity/connections/*.test.ts'],
  },
  'ended-accounts': {
    guards: [
      'src/identity/ended-accounts/permit-return.ts',
      'src/identity/ended-accounts/refuse-ended.ts',
    ],
    suites: ['src/identity/ended-accounts/*.test.ts'],
  },
  people: {
    guards: ['src/identity/people/last-administrator.ts'],
    suites: ['src/identity/people/*.test.ts'],
  },
  agents: {
    guards: ['src/identity/agents/recertify.ts'],
    suites: ['src/identity/agents/recertify.test.ts'],
  },
  tasks: {
    guards: ['src/tasks/tasks/task-use.ts', 'src/tasks/tasks/keep.ts'],
    suites: ['src/tasks/tasks/*.test.ts'],
  },
  archive: {
    guards: ['src/extensions/archive/seal.ts'],
    suites: ['src/extensions/archive/seal.test.ts'],
  },
  policy: {
    guards: ['src/policy/policy/declarations.ts'],
    suites: ['src/policy/policy/declarations.test.ts'],
  },
  calls: {
    guards: ['src/calls/calls/still-live.ts', 'src/calls/calls/refused-caller.ts'],
    suites: [
      'src/calls/calls/*.test.ts',
      'src/calls/calls/judgment/*.test.ts',
      'src/calls/calls/held-calls/*.test.ts',
    ],
  },
  http: {
    guards: [
      'src/platform/http/inbound/buckets.ts',
      'src/platform/http/inbound/client-addresses.ts',
    ],
    suites: [
      'src/platform/http/inbound/buckets.test.ts',
      'src/platform/http/inbound/stranger-limits.test.ts',
      'src/platform/http/inbound/client-addresses.test.ts',
      'src/platform/http/inbound/admission.test.ts',
    ],
  },
  webhooks: {
    guards: ['src/platform/webhooks/post.ts'],
    suites: ['src/platform/webhooks/*.test.ts'],
  },
  'machine-clients': {
    guards: [
      'src/identity/machine-clients/authenticator.ts',
      'src/identity/machine-clients/check-settings.ts',
      'src/identity/machine-clients/secret.ts',
    ],
    suites: ['src/identity/machine-clients/*.test.ts'],
  },
  spaces: {
    guards: ['src/identity/spaces/openers.ts', 'src/identity/spaces/rules.ts'],
    suites: ['src/identity/spaces/*.test.ts'],
  },
  notifications: {
    guards: [
      'src/identity/notifications/quiet-hours.ts',
      'src/identity/notifications/pace.ts',
      'src/identity/notifications/own-channels/channel-code.ts',
    ],
    suites: [
      'src/identity/notifications/*.test.ts',
      'src/identity/notifications/own-channels/*.test.ts',
    ],
  },
  catalog: {
    guards: ['src/catalog/catalog/authority.ts'],
    suites: ['src/catalog/catalog/*.test.ts'],
  },
  'catalog-changes': {
    guards: [
      'src/catalog/catalog-changes/previews.ts',
      'src/catalog/catalog-changes/mcp/reviewed.ts',
    ],
    suites: [
      'src/catalog/catalog-changes/previews.test.ts',
      'src/catalog/catalog-changes/mcp/plan-mcp-import.test.ts',
      'src/catalog/catalog-changes/mcp/reviewed.test.ts',
    ],
  },
  graphql: {
    guards: ['src/extensions/graphql/measure.ts', 'src/extensions/graphql/operation.ts'],
    suites: ['src/extensions/graphql/*.test.ts'],
  },
  extauthz: {
    guards: [
      'src/extensions/extauthz/public-host.ts',
      'src/extensions/extauthz/http/conventions.ts',
    ],
    suites: [
      'src/extensions/extauthz/public-host.test.ts',
      'src/extensions/extauthz/http/conventions.test.ts',
    ],
  },
  oauth: {
    guards: [
      'src/edges/oauth/form.ts',
      'src/edges/oauth/wanted-step-up.ts',
      'src/edges/oauth/authorization/par-quota.ts',
    ],
    suites: [
      'src/edges/oauth/form.test.ts',
      'src/edges/oauth/wanted-step-up.test.ts',
      'src/edges/oauth/authorization/par-quota.test.ts',
    ],
  },
  gateway: {
    guards: ['src/edges/gateway/strict-request.ts', 'src/edges/gateway/mcp/transport.ts'],
    suites: ['src/edges/gateway/strict-request.test.ts', 'src/edges/gateway/mcp/transport.test.ts'],
  },
  'direct-calls': {
    guards: ['src/calls/direct-calls/direct-call.ts'],
    suites: ['src/calls/direct-calls/direct-call.test.ts'],
  },
  'call-edits': {
    guards: ['src/approvals/call-edits/edit.ts', 'src/approvals/call-edits/edited-call.ts'],
    suites: ['src/approvals/call-edits/*.test.ts'],
  },
  facts: {
    guards: ['src/tasks/facts/own-tokens.ts', 'src/tasks/facts/set-claims.ts'],
    suites: ['src/tasks/facts/own-tokens.test.ts', 'src/tasks/facts/set-claims.test.ts'],
  },
  slack: {
    guards: ['src/extensions/slack/slack-signature.ts', 'src/extensions/slack/press.ts'],
    suites: ['src/extensions/slack/slack-signature.test.ts', 'src/extensions/slack/press.test.ts'],
  },
  'policy-only': {
    guards: [
      'src/extensions/authzen/policy-only/shaped-value.ts',
      'src/extensions/authzen/policy-only/entities.ts',
    ],
    suites: [
      'src/extensions/authzen/policy-only/shaped-value.test.ts',
      'src/extensions/authzen/policy-only/entities.test.ts',
    ],
  },
  push: {
    guards: ['src/extensions/push/subscription.ts'],
    suites: ['src/extensions/push/push.test.ts'],
  },
  'webhook-channels': {
    guards: ['src/extensions/webhook-channels/webhook-kind.ts'],
    suites: ['src/extensions/webhook-channels/webhooks.test.ts'],
  },
  backup: {
    guards: ['src/extensions/backup/manifest.ts'],
    suites: ['src/extensions/backup/manifest.test.ts'],
  },
  pages: {
    guards: ['src/console/pages/consent/lifetimes.ts', 'src/console/pages/authorize/lives.ts'],
    suites: [
      'src/console/pages/consent/lifetimes.test.ts',
      'src/console/pages/authorize/lives.test.ts',
    ],
  },
  api: {
    guards: ['src/console/api/authenticate.ts', 'src/console/api/credential-first.ts'],
    suites: ['src/console/api/authenticate.test.ts', 'src/console/api/credential-first.test.ts'],
  },
  previews: {
    guards: ['src/extensions/previews/preview-plan.ts', 'src/extensions/previews/answer-buffer.ts'],
    suites: [
      'src/extensions/previews/preview-plan.test.ts',
      'src/extensions/previews/answer-buffer.test.ts',
    ],
  },
  authzen: {
    guards: [
      'src/extensions/authzen/page.ts',
      'src/extensions/authzen/read-request.ts',
      'src/extensions/authzen/requests/binding-token.ts',
    ],
    suites: [
      'src/extensions/authzen/page.test.ts',
      'src/extensions/authzen/read-request.test.ts',
      'src/extensions/authzen/requests/binding-token.test.ts',
    ],
  },
  'token-status': {
    guards: ['src/grants/token-status/introspection-caller.ts'],
    suites: ['src/grants/token-status/introspection-caller.test.ts'],
  },
  grants: {
    guards: ['src/grants/grants/pipeline/actors.ts', 'src/grants/grants/openings/asserted.ts'],
    suites: [
      'src/grants/grants/pipeline/read-behind.test.ts',
      'src/grants/grants/openings/read-asserted.test.ts',
    ],
  },
  'code-grant': {
    guards: ['src/grants/code-grant/answer-authorization.ts'],
    suites: ['src/grants/code-grant/answer-authorization.test.ts'],
  },
  cli: {
    guards: ['src/programs/cli/private-file.ts', 'src/programs/cli/session/callback.ts'],
    suites: ['src/programs/cli/private-file.test.ts', 'src/programs/cli/session/callback.test.ts'],
  },
  config: {
    guards: ['src/programs/config/configured.ts'],
    suites: ['src/programs/config/configured.test.ts'],
  },
  submissions: {
    guards: ['src/extensions/authzen/submissions/submitted.ts'],
    suites: ['src/extensions/authzen/submissions/submitted.test.ts'],
  },
  analysis: {
    guards: [
      'src/extensions/analysis/suggestions/conditions.ts',
      'src/extensions/analysis/suggestions/limits-of.ts',
    ],
    suites: [
      'src/extensions/analysis/suggestions/conditions.test.ts',
      'src/extensions/analysis/suggestions/limits-of.test.ts',
    ],
  },
  'channel-question': {
    guards: ['src/extensions/slack/channel-question.ts'],
    suites: [
      'src/extensions/slack/channel-question.test.ts',
      'src/extensions/slack/answer-press.test.ts',
    ],
  },
  'stand-in-pages': {
    guards: ['src/console/stand-in-pages/stand-in-routes.ts'],
    suites: ['src/console/stand-in-pages/stand-in-routes.test.ts'],
  },
  'token-pdp': {
    guards: [
      'src/extensions/authzen/token-pdp/judge.ts',
      'src/extensions/authzen/token-pdp/parties.ts',
      'src/extensions/authzen/token-pdp/reach.ts',
    ],
    suites: ['src/extensions/authzen/token-pdp/*.test.ts'],
  },
  reach: {
    guards: [
      'src/console/reach/check-call.ts',
      'src/console/reach/who-can.ts',
      'src/console/reach/what-can.ts',
    ],
    suites: ['src/console/reach/*.test.ts'],
  },
  explanations: {
    guards: ['src/tasks/explanations/explain.ts'],
    suites: [
      'src/tasks/explanations/explain.test.ts',
      'src/calls/calls/judgment/settled-call.test.ts',
      'src/grants/issuance/explained.test.ts',
    ],
  },
  'mcp-tasks': {
    guards: ['src/calls/mcp-tasks/server-task.ts', 'src/calls/mcp-tasks/server-task-store.ts'],
    suites: ['src/calls/mcp-tasks/server-task-store.test.ts'],
  },
  cel: {
    guards: ['src/platform/cel/cost.ts'],
    suites: ['src/platform/cel/cost.test.ts'],
  },
  'mcp-stdio': {
    guards: ['src/programs/mcp-stdio/lines.ts'],
    suites: ['src/programs/mcp-stdio/lines.test.ts'],
  },
  'approval-desk': {
    guards: [
      'src/tasks/approval-desk/visible-request.ts',
      'src/tasks/approval-desk/answer-together.ts',
      'src/tasks/approval-desk/deny-request.ts',
    ],
    suites: ['src/tasks/approval-desk/{visible-request,answer-together,deny-request}.test.ts'],
  },
  'decision-log': {
    guards: ['src/tasks/decision-log/replay-inputs.ts', 'src/tasks/decision-log/reasons.ts'],
    suites: ['src/tasks/decision-log/{replay-inputs,reasons,replay}.test.ts'],
  },
}

/** Rooms of `src` that refuse nothing. */
export const WITHOUT_GUARDS: ReadonlySet<string> = new Set([
  'api-operations',
  'completion',
  'dev',
  'dictionaries',
  'doctor',
  'operation-kit',
  'processes',
  'telemetry',
])

function inEngine(file: string): string {
  return `engine/src/${file}`
}
