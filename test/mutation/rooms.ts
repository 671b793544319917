/** Guards of one room, and the suites that hold them. Paths from the root of the repository. */
export interface GuardedRoom {
  readonly guards: readonly string[]
  readonly suites: readonly string[]
}

/** Rooms in the order of the house, floor first. A suite here runs in seconds, on SQLite. */
export const ROOMS: Readonly<Record<string, GuardedRoom>> = {
  engine: {
    guards: ['covers.ts', 'fits.ts', 'granted.ts', 'intersect.ts', 'contains.ts'].map(inEngine),
    suites: ['engine/src/*.test.ts'],
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
  extauthz: {
    guards: ['src/extauthz/answer-check.ts', 'src/extauthz/public-host.ts'],
    suites: ['src/extauthz/*.test.ts', 'test/gateways/forward-auth.test.ts'],
  },
}

function inEngine(file: string): string {
  return `engine/src/${file}`
}
