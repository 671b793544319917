import type { Migration } from './migration.ts'

/** Whether somebody still stands by an agent, and why one was stopped by itself. */
export const lifecycle: Migration = {
  version: 22,
  name: 'lifecycle',
  statements: ({ integer, text }) => [
    `ALTER TABLE agents ADD COLUMN recertify_days ${integer}`,
    `ALTER TABLE agents ADD COLUMN recertify_by ${integer}`,
    `ALTER TABLE agents ADD COLUMN suspended_for ${text} CHECK (suspended_for IN ('dormant', 'uncertified'))`,
    `ALTER TABLE agents ADD COLUMN resumed_at ${integer}`,
    'CREATE INDEX agents_to_recertify ON agents (recertify_by) WHERE recertify_by IS NOT NULL',
  ],
}
