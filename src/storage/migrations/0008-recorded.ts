import type { Migration } from './migration.ts'

/** What a decision was made from, so that it can be made again; and what is published together with policies. */
export const recorded: Migration = {
  version: 8,
  name: 'recorded',
  statements: ({ table, text }) => [
    `ALTER TABLE decisions ADD COLUMN inputs ${text}`,
    `ALTER TABLE decisions ADD COLUMN setting ${text}`,
    table('decision_settings', `digest ${text} NOT NULL PRIMARY KEY, value ${text} NOT NULL`),
    `ALTER TABLE policy_sets ADD COLUMN files ${text} NOT NULL DEFAULT '[]'`,
    `ALTER TABLE policy_sets ADD COLUMN tests ${text} NOT NULL DEFAULT '[]'`,
  ],
}
