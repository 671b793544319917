import { sql } from 'kysely'
import type { Storage } from '../src/platform/storage/index.ts'

/** Keeps anything from being appended to the ledger: every attempt fails in the database itself. */
export function breakLedger(storage: Storage): Promise<void> {
  return change(storage, {
    sqlite: `CREATE TRIGGER ledger_refuses BEFORE INSERT ON ledger_leaves
      BEGIN SELECT RAISE(ABORT, 'ledger_leaves is not there'); END`,
    postgres:
      'ALTER TABLE ledger_leaves ADD CONSTRAINT ledger_refuses CHECK (position >= 0) NOT VALID',
  })
}

export function mendLedger(storage: Storage): Promise<void> {
  return change(storage, {
    sqlite: 'DROP TRIGGER ledger_refuses',
    postgres: 'ALTER TABLE ledger_leaves DROP CONSTRAINT ledger_refuses',
  })
}

async function change(storage: Storage, by: Readonly<Record<Storage['engine'], string>>) {
  await storage.transaction((tx) => sql.raw(by[storage.engine]).execute(tx))
}
