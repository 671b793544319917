import { columns, ModuleTables, table } from '../../platform/storage/index.ts'

const { integer, nullable, time } = columns

export const ARCHIVE_TABLES = new ModuleTables({
  /** Spans of records that are sealed in the archive, and leave the database. */
  ledger_segments: table('kept', {
    from_position: integer,
    /** Exclusive. */
    to_position: integer,
    /** History in which it was sealed: its folder in the archive. */
    history: integer,
    sealed_at: time,
    /** Time at which the last record of it had left; NULL: not yet. */
    removed_at: nullable(time),
  }),
})
