import type { Statements } from './portable-sql.ts'

/** Full bundles of records, packed: one row in place of 256. */
export const packedRecords: Statements = ({ bytes, engine, integer, table }) => [
  table('ledger_bundles', `bundle ${integer} NOT NULL PRIMARY KEY, packed ${bytes} NOT NULL`),
  // Packed already: PostgreSQL would try once more.
  ...(engine === 'postgres'
    ? ['ALTER TABLE ledger_bundles ALTER COLUMN packed SET STORAGE EXTERNAL']
    : []),
]

/**
 * Changes nothing in the schema. That it has run keeps builds from starting which look for records in `ledger_leaves` alone:
 * from then on records are packed.
 */
export const noBuildWithoutBundles: Statements = () => []
