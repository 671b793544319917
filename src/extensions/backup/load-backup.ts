import { returnToIntake } from '../../platform/ledger/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import {
  insertRows,
  loading,
  type Storage,
  type StorageBuild,
  type Tx,
  tableInUse,
} from '../../platform/storage/index.ts'
import { fillDerived } from '../../tasks/decision-log/index.ts'
import type { TableFile } from './manifest.ts'
import { type Backup, rowsOf } from './read-backup.ts'

/** Options of a load: tables that are left out, and an observer of those that are loaded. */
interface LoadOptions {
  readonly storage: Pick<Storage, 'build' | 'engine'>
  /** True: rows that a restore does not bring back are not loaded. */
  readonly withoutEmptied: boolean
  readonly onTable: (table: TableFile) => void
}

/** @throws Problem `storage.not_empty` */
export async function requireEmpty(tx: Tx, build: StorageBuild): Promise<void> {
  const used = await tableInUse(tx, build)
  if (used !== undefined)
    throw new Problem('storage.not_empty', `the database has data (in \`${used}\`)`)
}

/**
 * Loads a backup that was checked into an empty database. Digests are compared once more: the loaded
 * rows are the checked ones.
 * @throws Problem `storage.not_empty`, `backup.damaged`
 */
export async function loadBackup(
  tx: Tx,
  backup: Backup,
  { onTable, storage: { build, engine }, withoutEmptied }: LoadOptions,
): Promise<void> {
  await requireEmpty(tx, build)
  await loading(tx, engine, async () => {
    for (const table of backup.manifest.tables) {
      if (withoutEmptied && build.tables[table.name]?.treatment === 'emptied') continue
      for await (const rows of rowsOf(backup, table)) {
        await insertRows(tx, table.name, table.columns, rows)
      }
      onTable(table)
    }
    await fillDerived(tx, engine)
  })
  // After the intake is loaded, so that its numbers go on behind those.
  await returnToIntake(tx)
}
