import { createHmac } from 'node:crypto'
import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MasterKey } from '../../platform/keys/index.ts'
import { sameBytes } from '../../platform/lib/bytes.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import type { Id } from '../../platform/lib/id.ts'
import { isObject, parseJson } from '../../platform/lib/json.ts'
import type { Problem } from '../../platform/lib/problem.ts'
import { BackupProblem } from './problems.ts'

export const FORMAT = 1
export const MANIFEST = 'manifest.json'
/** Name of the manifest of an export that was imported. */
export const IMPORTED = 'manifest.imported.json'
const MAX_BYTES = 1_048_576

/** Rows of one table, in `tables/<name>.jsonl`. */
export interface TableFile {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: number
  readonly bytes: number
  /** Hexadecimal, as `sha256sum` prints it. */
  readonly sha256: string
}

/** Contents of a backup. Sealed with a key that is derived from the master key. */
export interface Manifest {
  readonly format: typeof FORMAT
  /** `move`: no server uses its source any more, so open work stays open. */
  readonly kind: 'backup' | 'move'
  readonly id: Id<'backup'>
  /** The one database that an export may be imported into. Absent in backups, and in exports of builds before 2026-12-02. */
  readonly destination?: Id<'destination'>
  /** ISO 8601. */
  readonly taken_at: string
  readonly issuer: string
  readonly engine: 'sqlite' | 'postgres'
  /** Version of the program. */
  readonly remit: string
  /** Names of the migrations that made the schema. */
  readonly schema: readonly string[]
  /** Id of the master key that sealed it. The key itself is not in the backup. */
  readonly master_key: string
  readonly ledger: {
    /** Number of records in the tree. */
    readonly size: number
    /** Newest signed checkpoint; null: none was signed yet. */
    readonly checkpoint: string | null
  }
  readonly tables: readonly TableFile[]
}

type ManifestKeys = Pick<MasterKey, 'ids' | 'deriveEach'>

export function writeManifest(manifest: Manifest, master: ManifestKeys): string {
  const seal = sealsOf(canonicalJson(parseJson(JSON.stringify(manifest))), master)[0]
  return `${JSON.stringify({ ...manifest, seal: seal?.toString('base64url') }, null, 2)}\n`
}

/**
 * Reads the manifest of a backup, once its seal was checked.
 * @throws Problem `backup.incomplete`, `backup.damaged`, `backup.other_master_key`, `backup.other_schema`
 */
export async function readManifest(
  directory: string,
  name: string,
  master: ManifestKeys,
): Promise<Manifest | undefined> {
  const path = join(directory, name)
  const stat = await lstat(path).catch(() => undefined)
  if (!stat) return undefined
  if (!stat.isFile() || stat.size > MAX_BYTES) throw damaged(`${path} is not a manifest`)
  let sealed: ReturnType<typeof parseJson>
  try {
    sealed = parseJson(await readFile(path))
  } catch (cause) {
    throw damaged(`${path} is not JSON`, cause)
  }
  if (!isObject(sealed)) throw damaged(`${path} is not a manifest`)
  const text = canonicalJson(new Map([...sealed].filter(([member]) => member !== 'seal')))
  const manifest: Partial<Manifest> = JSON.parse(text)
  if (manifest.format !== FORMAT)
    throw new BackupProblem(
      'backup.other_schema',
      `${path} has a format that this build does not know`,
    )
  if (!master.ids.some((id) => id === manifest.master_key))
    throw new BackupProblem(
      'backup.other_master_key',
      `it was sealed with the master key ${String(manifest.master_key).slice(0, 16)}, and here is ${master.ids.join(', ')}`,
    )
  const given = Buffer.from(String(sealed.get('seal')), 'base64url')
  if (!sealsOf(text, master).some((each) => sameBytes(each, given)))
    throw damaged(`${path} does not have the seal of this master key: it was changed`)
  return manifest as Manifest // as: a holder of the master key wrote it
}

function sealsOf(text: string, master: ManifestKeys): readonly Buffer[] {
  return master
    .deriveEach('backup manifest')
    .map((key) => createHmac('sha256', key).update(text).digest())
}

export function damaged(detail: string, cause?: unknown): Problem {
  return new BackupProblem('backup.damaged', detail, { cause })
}
