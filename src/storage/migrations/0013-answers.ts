import type { Migration } from './migration.ts'

/** Limits on what answers say: what a call reserves is settled when its answer is known. And what answers can look like at all. */
export const answers: Migration = {
  version: 13,
  name: 'answers',
  statements: ({ integer, table, text }) => [
    `ALTER TABLE limit_uses ADD COLUMN settles ${text}`,
    `ALTER TABLE limit_uses ADD COLUMN reserved ${integer}`,
    `ALTER TABLE limit_uses ADD COLUMN settled_by ${text}`,
    // Of APIs with a document. Read where rules and limits are checked, never by a call.
    table('resource_answers', `resource ${text} NOT NULL PRIMARY KEY, shapes ${text} NOT NULL`),
  ],
}
