import type { Migration } from './migration.ts'

/** Whether what the tools of a server say about requests to decision points of others counts. */
export const mappings: Migration = {
  version: 11,
  name: 'mappings',
  statements: ({ integer }) => [
    `ALTER TABLE resources ADD COLUMN mappings_trusted ${integer} NOT NULL DEFAULT 0`,
  ],
}
