import type { Migration } from './migration.ts'

/** How late it is, as the last server wrote it down: time never goes below it. */
export const recordedTime: Migration = {
  version: 45,
  name: 'recorded-time',
  statements: ({ integer, table }) => [
    table(
      'recorded_time',
      `id ${integer} NOT NULL PRIMARY KEY CHECK (id = 1), newest ${integer} NOT NULL`,
    ),
  ],
}
