import type { Migration } from './migration.ts'

/** Sessions that end when the one at the identity provider does (OpenID Connect Back-Channel Logout 1.0), and how they have to begin. */
export const signOuts: Migration = {
  version: 20,
  name: 'sign-outs',
  statements: ({ integer, text }) => [
    // What the provider calls its own session, and what a code for the command line came from.
    `ALTER TABLE sessions ADD COLUMN sid ${text}`,
    `ALTER TABLE cli_codes ADD COLUMN sid ${text}`,
    'CREATE INDEX sessions_by_sid ON sessions (sid) WHERE sid IS NOT NULL',
    // Whether signing out at the provider closes the tasks for the person, too.
    `ALTER TABLE identity_providers ADD COLUMN closes_tasks ${integer} NOT NULL DEFAULT 0`,
    // How people have to prove there who they are; separated by spaces.
    `ALTER TABLE identity_providers ADD COLUMN acr_values ${text}`,
  ],
}
