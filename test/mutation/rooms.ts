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
    guards: ['src/jose/check-jwt.ts', 'src/jose/key-strength.ts', 'src/jose/signature.ts'],
    suites: ['src/jose/*.test.ts'],
  },
  net: { guards: ['src/net/address.ts'], suites: ['src/net/address.test.ts'] },
  storage: {
    guards: ['src/storage/consume-once.ts'],
    suites: ['src/storage/consume-once.test.ts'],
  },
  revocation: {
    guards: ['src/revocation/live.ts', 'src/revocation/lease.ts', 'src/revocation/kept-view.ts'],
    suites: ['src/revocation/*.test.ts'],
  },
  possession: {
    guards: ['src/possession/dpop-proof.ts', 'src/possession/dpop-nonces.ts'],
    suites: ['src/possession/*.test.ts'],
  },
  'agent-authentication': {
    guards: [
      'src/agent-authentication/authenticate.ts',
      'src/agent-authentication/assertion-fault.ts',
    ],
    suites: ['src/agent-authentication/*.test.ts'],
  },
  sessions: {
    guards: [
      'src/sessions/step-up.ts',
      'src/sessions/confirmation/confirm.ts',
      'src/sessions/read-session.ts',
    ],
    suites: ['src/sessions/*.test.ts', 'src/sessions/confirmation/*.test.ts'],
  },
  passkeys: {
    guards: ['src/passkeys/verify-assertion.ts', 'src/passkeys/challenge.ts'],
    suites: ['src/passkeys/*.test.ts', 'src/approvals/sign-answer.test.ts'],
  },
  'access-requests': {
    guards: ['src/access-requests/eligibility.ts', 'src/access-requests/standing.ts'],
    suites: ['src/access-requests/*.test.ts', 'src/approvals/answer.test.ts'],
  },
  approvals: {
    guards: [
      'src/approvals/answer.ts',
      'src/approvals/break-glass/break-glass.ts',
      'src/approvals/break-glass/open.ts',
      'src/approvals/break-glass/review.ts',
    ],
    suites: ['src/approvals/*.test.ts', 'src/approvals/break-glass/*.test.ts'],
  },
  'stand-ins': {
    guards: ['src/stand-ins/answerer.ts', 'src/stand-ins/name-stand-in.ts'],
    suites: ['src/stand-ins/*.test.ts'],
  },
  budgets: {
    guards: ['src/budgets/take-budget.ts', 'src/budgets/peek-budget.ts'],
    suites: ['src/budgets/*.test.ts'],
  },
  tokens: {
    guards: ['src/tokens/access-token.ts', 'src/tokens/verified-tokens.ts'],
    suites: ['src/tokens/*.test.ts'],
  },
  retention: {
    guards: ['src/retention/erasures.ts', 'src/retention/hold.ts', 'src/retention/sweep.ts'],
    suites: ['src/retention/retention.test.ts'],
  },
  lib: {
    guards: ['src/lib/client-url.ts', 'src/lib/json.ts'],
    suites: ['src/lib/client-url.test.ts', 'src/lib/json.test.ts'],
  },
  keys: {
    guards: ['src/keys/certificates/constraints.ts'],
    suites: ['src/keys/certificates/*.test.ts'],
  },
  bodies: {
    guards: ['src/bodies/media-type.ts', 'src/bodies/part-head.ts', 'src/bodies/parse-body.ts'],
    suites: [
      'src/bodies/media-type.test.ts',
      'src/bodies/part-head.test.ts',
      'src/bodies/parse-body.test.ts',
      'src/bodies/form.test.ts',
      'src/bodies/multipart-reader.test.ts',
    ],
  },
  ledger: {
    guards: ['src/ledger/proofs.ts', 'src/ledger/tree.ts'],
    suites: ['src/ledger/tree.test.ts'],
  },
  cedar: {
    guards: ['src/cedar/exact-integers.ts'],
    suites: ['src/cedar/exact-integers.test.ts'],
  },
  obligations: {
    guards: ['src/obligations/reshape.ts'],
    suites: ['src/obligations/reshape.test.ts'],
  },
  risk: {
    guards: ['src/risk/pace.ts', 'src/risk/size.ts'],
    suites: ['src/risk/pace.test.ts', 'src/risk/size.test.ts'],
  },
  'decision-points': {
    guards: ['src/decision-points/circuit.ts'],
    suites: ['src/decision-points/circuit.test.ts'],
  },
  'identity-providers': {
    guards: ['src/identity-providers/id-token-mistake.ts'],
    suites: ['src/identity-providers/id-token-mistake.test.ts'],
  },
  'client-metadata': {
    guards: [
      'src/client-metadata/admission/match-rule.ts',
      'src/client-metadata/documents/lifetime.ts',
      'src/client-metadata/redirect-uri.ts',
    ],
    suites: [
      'src/client-metadata/admission/match-rule.test.ts',
      'src/client-metadata/documents/lifetime.test.ts',
      'src/client-metadata/redirect-uri.test.ts',
    ],
  },
  issuers: {
    guards: ['src/issuers/claim-test.ts'],
    suites: ['src/issuers/claim-test.test.ts'],
  },
  'argument-types': {
    guards: ['src/argument-types/pattern.ts'],
    suites: ['src/argument-types/pattern.test.ts'],
  },
  'resource-groups': {
    guards: ['src/resource-groups/look-alikes.ts'],
    suites: ['src/resource-groups/look-alikes.test.ts'],
  },
  sponsorship: {
    guards: ['src/sponsorship/schedule.ts'],
    suites: ['src/sponsorship/schedule.test.ts'],
  },
  consent: {
    guards: ['src/consent/narrowing.ts'],
    suites: ['src/consent/narrowing.test.ts'],
  },
  issuance: {
    guards: ['src/issuance/authority.ts'],
    suites: ['src/issuance/authority.test.ts'],
  },
  'mcp-messages': {
    guards: ['src/mcp-messages/scrub.ts', 'src/mcp-messages/passed-on.ts'],
    suites: ['src/mcp-messages/scrub.test.ts', 'src/mcp-messages/passed-on.test.ts'],
  },
  'mcp-sessions': {
    guards: ['src/mcp-sessions/session-id.ts', 'src/mcp-sessions/request-state.ts'],
    suites: ['src/mcp-sessions/session-id.test.ts', 'src/mcp-sessions/request-state.test.ts'],
  },
  'opaque-tokens': {
    guards: ['src/opaque-tokens/opaque-token.ts', 'src/opaque-tokens/protocol-records.ts'],
    suites: ['src/opaque-tokens/*.test.ts'],
  },
  connections: {
    guards: ['src/connections/use-connection.ts'],
    suites: ['src/connections/*.test.ts'],
  },
  'ended-accounts': {
    guards: ['src/ended-accounts/permit-return.ts', 'src/ended-accounts/refuse-ended.ts'],
    suites: ['src/ended-accounts/*.test.ts'],
  },
  people: {
    guards: ['src/people/last-administrator.ts'],
    suites: ['src/people/*.test.ts'],
  },
  agents: {
    guards: ['src/agents/recertify.ts'],
    suites: ['src/agents/recertify.test.ts'],
  },
  tasks: {
    guards: ['src/tasks/task-use.ts', 'src/tasks/keep.ts'],
    suites: ['src/tasks/*.test.ts'],
  },
  archive: {
    guards: ['src/archive/seal.ts'],
    suites: ['src/archive/seal.test.ts'],
  },
  policy: {
    guards: ['src/policy/declarations.ts'],
    suites: ['src/policy/declarations.test.ts'],
  },
  calls: {
    guards: ['src/calls/still-live.ts', 'src/calls/refused-caller.ts'],
    suites: [
      'src/calls/*.test.ts',
      'src/calls/judgment/*.test.ts',
      'src/calls/held-calls/*.test.ts',
    ],
  },
  http: {
    guards: ['src/http/inbound/buckets.ts', 'src/http/inbound/client-addresses.ts'],
    suites: [
      'src/http/inbound/buckets.test.ts',
      'src/http/inbound/stranger-limits.test.ts',
      'src/http/inbound/client-addresses.test.ts',
      'src/http/inbound/admission.test.ts',
    ],
  },
  extauthz: {
    guards: ['src/extauthz/answer-check.ts', 'src/extauthz/public-host.ts'],
    suites: ['src/extauthz/*.test.ts', 'test/gateways/forward-auth.test.ts'],
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
