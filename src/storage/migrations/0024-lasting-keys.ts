import type { Migration } from './migration.ts'

/** Keys that have to outlive the master key they were derived from, and where keys that sign are. */
export const lastingKeys: Migration = {
  version: 24,
  name: 'lasting keys',
  statements: ({ bytes, integer, table, text }) => [
    table(
      'lasting_keys',
      `purpose ${text} NOT NULL PRIMARY KEY, sealed ${bytes} NOT NULL, created_at ${integer} NOT NULL`,
    ),
    // Of a key that an external signer holds, `sealed` says which one it is there.
    `ALTER TABLE signing_keys ADD COLUMN custody ${text} NOT NULL DEFAULT 'here' CHECK (custody IN ('here', 'pkcs11'))`,
  ],
}
