import { type Statements, shortened } from '../portable-sql.ts'

/** Tables of the ledger. */
export const ledger: Statements = ({ bytes, engine, integer, serial, table, text }) => [
  table('ledger_intake', `seq ${serial}, record ${bytes} NOT NULL, private ${text}`),
  table(
    'ledger_leaves',
    `position ${integer} NOT NULL PRIMARY KEY, leaf_hash ${bytes} NOT NULL,
     record ${bytes} NOT NULL`,
  ),
  table('ledger_private', `position ${integer} NOT NULL PRIMARY KEY, private ${text} NOT NULL`),
  ...shortened(engine, 'ledger_leaves.record', 'ledger_private.private'),
  table(
    'ledger_tiles',
    `level ${integer} NOT NULL, tile ${integer} NOT NULL, hashes ${bytes} NOT NULL,
     PRIMARY KEY (level, tile)`,
  ),
  table(
    'ledger_head',
    `id ${integer} NOT NULL PRIMARY KEY, size ${integer} NOT NULL, fence ${integer} NOT NULL`,
  ),
  table(
    'ledger_checkpoints',
    `size ${integer} NOT NULL PRIMARY KEY, note ${text} NOT NULL, at ${integer} NOT NULL`,
  ),
  table(
    'ledger_segments',
    `from_position ${integer} NOT NULL PRIMARY KEY, to_position ${integer} NOT NULL UNIQUE,
     history ${integer} NOT NULL, sealed_at ${integer} NOT NULL, removed_at ${integer}`,
  ),
  table(
    'ledger_breaks',
    `history ${integer} NOT NULL PRIMARY KEY, detail ${text} NOT NULL, head ${text} NOT NULL,
     size ${integer} NOT NULL, found_at ${integer} NOT NULL, accepted_at ${integer},
     accepted_by ${text}`,
  ),
]
