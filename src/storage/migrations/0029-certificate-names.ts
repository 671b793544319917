import type { Migration } from './migration.ts'

/** Names by which certificates of an authority say that somebody is an agent (RFC 8705 section 2.1.2); and what an agent waits for, counted. */
export const certificateNames: Migration = {
  version: 29,
  name: 'certificate names',
  statements: ({ integer, text }) => [
    `CREATE TABLE agent_certificate_names (
      kind ${text} NOT NULL CHECK (kind IN ('subject_dn', 'san_dns', 'san_uri', 'san_ip', 'san_email')),
      value ${text} NOT NULL,
      agent_id ${text} NOT NULL REFERENCES agents (id),
      created_at ${integer} NOT NULL,
      PRIMARY KEY (kind, value)
    )`,
    'CREATE INDEX agent_certificate_names_by_agent ON agent_certificate_names (agent_id)',
    // Without those that have ended, which are remembered for a day.
    "CREATE INDEX deferrals_waiting ON deferrals (agent_id, expires_at) WHERE state = 'pending'",
  ],
}
