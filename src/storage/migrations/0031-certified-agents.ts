import type { Migration } from './migration.ts'

/** Agents that ever were known by a certificate: taking the last of its names away makes nobody a client that proves nothing. */
export const certifiedAgents: Migration = {
  version: 31,
  name: 'certified agents',
  statements: ({ text }) => [
    `CREATE TABLE certified_agents (agent_id ${text} NOT NULL PRIMARY KEY REFERENCES agents (id))`,
    'INSERT INTO certified_agents SELECT DISTINCT agent_id FROM agent_certificate_names',
  ],
}
