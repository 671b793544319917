import type { Statements } from './portable-sql.ts'

/**
 * On PostgreSQL a record is written where it stays, too. Until the sequencer gives it a position it has a number below 0, counted
 * down. The new version of the row is beside the old one, in the half of a page that is left free, so the log gets the position and
 * not the record once more. Private values come with the record: on PostgreSQL it is copied from here when the position is known.
 */
export const placedRecords: Statements = ({ engine, text }) => [
  `ALTER TABLE ledger_leaves ADD COLUMN private ${text}`,
  ...(engine === 'postgres'
    ? [
        'CREATE SEQUENCE ledger_appended OWNED BY ledger_leaves.position',
        `ALTER TABLE ledger_leaves ALTER COLUMN position SET DEFAULT -nextval('ledger_appended')`,
        'ALTER TABLE ledger_leaves SET (fillfactor = 50)',
      ]
    : []),
]
