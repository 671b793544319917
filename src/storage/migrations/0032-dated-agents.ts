import type { Migration } from './migration.ts'

/** Agents in the order in which they have to be recertified, also those that were stopped for it. */
export const datedAgents: Migration = {
  version: 32,
  name: 'dated-agents',
  statements: () => [
    "CREATE INDEX agents_dated ON agents (recertify_by, id) WHERE status <> 'retired' AND recertify_by IS NOT NULL",
  ],
}
