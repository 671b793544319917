import type { Migration } from './migration.ts'

/** Authorization servers of others that ask before they issue: how they name people, agents and audiences. */
export const issuingServers: Migration = {
  version: 12,
  name: 'issuing-servers',
  statements: ({ text }) => [`ALTER TABLE peps ADD COLUMN issuing ${text}`],
}
