import type { Migration } from './migration.ts'

/** Drafts that run beside the policies in force, and what they would have answered differently. */
export const shadows: Migration = {
  version: 9,
  name: 'shadows',
  statements: ({ integer, table, text }) => [
    table(
      'shadow_drafts',
      `number ${integer} NOT NULL PRIMARY KEY, text ${text} NOT NULL, base_version ${integer} NOT NULL,
       digest ${text} NOT NULL, note ${text} NOT NULL, started_by ${text} NOT NULL, started_at ${integer} NOT NULL,
       ended_at ${integer}, ended_why ${text} CHECK (ended_why IN ('stopped', 'replaced', 'published'))`,
    ),
    // Each replica writes rows of its own: nobody waits for anybody, and what is written again is the same.
    table(
      'shadow_counts',
      `draft ${integer} NOT NULL, replica_id ${text} NOT NULL, seen ${integer} NOT NULL, dropped ${integer} NOT NULL,
       ungrouped ${integer} NOT NULL, PRIMARY KEY (draft, replica_id)`,
    ),
    table(
      'shadow_differences',
      `draft ${integer} NOT NULL, replica_id ${text} NOT NULL, digest ${text} NOT NULL, found ${text} NOT NULL,
       count ${integer} NOT NULL, samples ${text} NOT NULL, PRIMARY KEY (draft, replica_id, digest)`,
    ),
  ],
}
