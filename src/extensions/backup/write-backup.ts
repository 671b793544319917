import type { MasterKey } from '../../platform/keys/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { newId } from '../../platform/lib/id.ts'
import type { Random } from '../../platform/lib/random.ts'
import { type Snapshot, schemaNames, tablesOf } from '../../platform/storage/index.ts'
import { makeDirectory, rowsPath, writeLines, writeWhole, writing } from './files.ts'
import { FORMAT, MANIFEST, type Manifest, type TableFile, writeManifest } from './manifest.ts'
import { writeRow } from './row-line.ts'
import { newestCheckpoint, treeSize } from './stored-ledger.ts'

/** Column by which rows are sorted, where a reader needs an order. */
const ORDER: Readonly<Record<string, string>> = {
  ledger_bundles: 'bundle',
  ledger_leaves: 'position',
}

/** View that a table is read by, where its rows are not all that there is to it. */
const VIEW: Readonly<Record<string, string>> = {
  decisions: 'known_decisions',
}

export interface BackupParts {
  readonly snapshot: Snapshot
  readonly master: Pick<MasterKey, 'ids' | 'deriveEach'>
  readonly issuer: string
  /** Version of the program. */
  readonly release: string
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  /** Hears of each table that was written or read. */
  readonly onTable: (table: Pick<TableFile, 'name' | 'rows'>) => void
}

/**
 * Writes a backup into a new directory: a file for each table, and at the end the manifest. Without
 * a manifest it is no backup. The master key is not in it.
 * @throws Problem `backup.cannot_write`, `storage.unavailable`
 */
export async function writeBackup(
  parts: BackupParts,
  directory: string,
  { destination, kind = 'backup' }: Partial<Pick<Manifest, 'destination' | 'kind'>> = {},
): Promise<Manifest> {
  const { clock, issuer, master, onTable, random, release, snapshot } = parts
  const takenAt = new Date(clock.now()).toISOString()
  await makeDirectory(directory)
  return writing(directory, async () => {
    const tables: TableFile[] = []
    for (const name of tablesOf(snapshot.build, 'kept', 'ended', 'emptied')) {
      const columns = Object.keys(snapshot.build.tables[name]?.columns ?? {})
      const lines = linesOf(snapshot, name, columns)
      const table = { name, columns, ...(await writeLines(rowsPath(directory, name), lines)) }
      tables.push(table)
      onTable(table)
    }
    const checkpoint = await newestCheckpoint(snapshot.read)
    const manifest: Manifest = {
      ...{ format: FORMAT, kind, id: newId('backup', random), taken_at: takenAt, issuer },
      ...(destination === undefined ? {} : { destination }),
      ...{ engine: snapshot.engine, remit: release, schema: schemaNames(snapshot.build) },
      master_key: master.ids[0] ?? '',
      ledger: { size: await treeSize(snapshot.read), checkpoint },
      tables,
    }
    await writeWhole(directory, MANIFEST, writeManifest(manifest, master))
    return manifest
  })
}

async function* linesOf(
  snapshot: Snapshot,
  table: string,
  columns: readonly string[],
): AsyncGenerator<string> {
  const source = VIEW[table] ?? table
  for await (const rows of snapshot.rows(source, columns, ORDER[table])) yield* rows.map(writeRow)
}
