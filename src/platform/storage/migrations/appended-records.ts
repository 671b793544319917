import type { Statements } from './portable-sql.ts'

/**
 * On SQLite, where one connection writes, a record gets its position when it is written, and stays where it is: the end of
 * `ledger_leaves`, beyond the tree until the sequencer has taken it in. An insert into this view appends.
 * On PostgreSQL writers would wait for each other's commits: there the intake stays.
 */
export const appendedRecords: Statements = ({ engine }) =>
  engine === 'postgres'
    ? []
    : [
        `CREATE VIEW ledger_append AS SELECT x'' AS record, x'' AS leaf_hash, '' AS private`,
        `CREATE TRIGGER ledger_appended INSTEAD OF INSERT ON ledger_append BEGIN
           INSERT INTO ledger_leaves (position, leaf_hash, record)
             VALUES (${NEXT}, NEW.leaf_hash, NEW.record);
           INSERT INTO ledger_private (position, private)
             SELECT (SELECT max(position) FROM ledger_leaves), NEW.private
             WHERE NEW.private IS NOT NULL;
         END`,
      ]

/** Behind the last record, and behind the tree: its oldest records may be elsewhere. */
const NEXT = `max(coalesce((SELECT max(position) + 1 FROM ledger_leaves), 0),
  coalesce((SELECT size FROM ledger_head WHERE id = 1), 0))`
