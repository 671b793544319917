import type { Migration } from './migration.ts'

/** When the ledger did not contain what was signed before, and who went on with it all the same. */
export const ledgerBreaks: Migration = {
  version: 48,
  name: 'ledger-breaks',
  statements: ({ integer, table, text }) => [
    // `history`: the number of the history that begins when it is accepted; the first one is 0.
    table(
      'ledger_breaks',
      `history ${integer} NOT NULL PRIMARY KEY, detail ${text} NOT NULL, head ${text} NOT NULL, size ${integer} NOT NULL,
       found_at ${integer} NOT NULL, accepted_at ${integer}, accepted_by ${text}`,
    ),
  ],
}
