import { isDeepStrictEqual } from 'node:util'
import type { MasterKey } from '../../platform/keys/index.ts'
import {
  type StorageBuild,
  type StoredRow,
  schemaNames,
  tablesOf,
} from '../../platform/storage/index.ts'
import { readLines } from './files.ts'
import {
  damaged,
  IMPORTED,
  MANIFEST,
  type Manifest,
  readManifest,
  type TableFile,
} from './manifest.ts'
import { BackupProblem } from './problems.ts'
import { readRow } from './row-line.ts'

/** A backup whose manifest was checked. */
export interface Backup {
  readonly directory: string
  readonly manifest: Manifest
  /** True: an import took it before. */
  readonly isImported: boolean
}

/** Installation that a backup has to belong to. */
export interface BackupPlace {
  readonly master: Pick<MasterKey, 'ids' | 'deriveEach'>
  readonly issuer: string
  readonly build: StorageBuild
}

const ROWS_AT_ONCE = 100
/** Characters of rows that are held at once. */
const CHARACTERS_AT_ONCE = 4_194_304

/**
 * Opens a backup and checks that it belongs here.
 * @throws Problem `backup.incomplete`, `backup.damaged`, `backup.other_master_key`, `backup.other_issuer`, `backup.other_schema`
 */
export async function openBackup(directory: string, here: BackupPlace): Promise<Backup> {
  const fresh = await readManifest(directory, MANIFEST, here.master)
  const manifest = fresh ?? (await readManifest(directory, IMPORTED, here.master))
  if (!manifest)
    throw new BackupProblem(
      'backup.incomplete',
      `${directory} has no ${MANIFEST}: it is no backup, or was not finished`,
    )
  if (manifest.issuer !== here.issuer)
    throw new BackupProblem(
      'backup.other_issuer',
      `it is of ${manifest.issuer}, and REMIT_ISSUER is ${here.issuer}`,
    )
  const needed = schemaNames(here.build)
  if (!isDeepStrictEqual(manifest.schema, needed))
    throw new BackupProblem(
      'backup.other_schema',
      `it was made by Remit ${manifest.remit} with the schema ${manifest.schema.join(', ')}, and this build needs ${needed.join(', ')}`,
    )
  const expected = tablesOf(here.build, 'kept', 'ended', 'emptied').map((name) => [
    name,
    Object.keys(here.build.tables[name]?.columns ?? {}),
  ])
  // In any order: another build may have listed a table at another place.
  const listed = manifest.tables.map(({ columns, name }) => [name, columns])
  if (!isDeepStrictEqual(listed.toSorted(byName), expected.toSorted(byName)))
    throw damaged('the manifest lists other tables')
  return { directory, manifest, isImported: fresh === undefined }
}

function byName([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1
}

/** Rows of a table, some at a time. @throws Problem `backup.damaged` */
export async function* rowsOf(
  { directory }: Backup,
  table: TableFile,
): AsyncGenerator<readonly StoredRow[]> {
  let [page, characters]: [StoredRow[], number] = [[], 0]
  for await (const line of readLines(directory, table)) {
    page.push(parseRow(line, table))
    characters += line.length
    if (page.length < ROWS_AT_ONCE && characters < CHARACTERS_AT_ONCE) continue
    yield page
    ;[page, characters] = [[], 0]
  }
  if (page.length > 0) yield page
}

function parseRow(line: string, { columns, name }: TableFile): StoredRow {
  try {
    return readRow(line, columns.length)
  } catch (cause) {
    throw damaged(`a row of ${name} cannot be read`, cause)
  }
}
