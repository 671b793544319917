import type { Migration } from './migration.ts'

/** What was reviewed of an action and when, and beside it what is offered instead by now. */
export const definitions: Migration = {
  version: 3,
  name: 'definitions',
  statements: ({ integer, table, text }) => [
    `ALTER TABLE actions ADD COLUMN description ${text}`,
    `ALTER TABLE actions ADD COLUMN accepted_at ${integer} NOT NULL DEFAULT 0`,
    `ALTER TABLE actions ADD COLUMN accepted_by ${text} NOT NULL DEFAULT 'operator'`,
    'UPDATE actions SET accepted_at = (SELECT updated_at FROM resources WHERE resources.name = actions.resource)',
    table(
      'offered_definitions',
      `action ${text} NOT NULL PRIMARY KEY, resource ${text} NOT NULL REFERENCES resources (name),
       kind ${text} NOT NULL CHECK (kind IN ('changed', 'added')),
       state ${text} NOT NULL CHECK (state IN ('waiting', 'rejected')),
       definition ${text}, unreadable ${text}, digest ${text} NOT NULL,
       source ${text} NOT NULL CHECK (source IN ('import', 'server')), offered_at ${integer} NOT NULL, offered_by ${text} NOT NULL,
       CHECK ((definition IS NULL) <> (unreadable IS NULL))`,
    ),
    'CREATE INDEX offered_definitions_by_resource ON offered_definitions (resource, kind)',
  ],
}
