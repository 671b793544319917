import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { StoredRow, StoredValue } from '../../src/platform/storage/snapshot/snapshot.ts'
import type { OpenTask } from '../agent.ts'
import type { TestKey } from '../signing.ts'

/** Task with the private key that its agent holds. */
export type KeptTask = Omit<OpenTask, 'key'> & { readonly key: TestKey['privateJwk'] }

/** Database that an earlier state of main made, with what people and agents of that time hold. */
export interface KeptDatabase {
  /** Time at which its server was stopped. */
  readonly at: number
  /** Addresses that its server knew itself by, and that of its identity provider. */
  readonly issuer: string
  readonly gateway: string
  readonly provider: string
  /** Names of the migrations that made it. */
  readonly migrations: readonly string[]
  /** Files of the data directory: the master key, and the database where that is SQLite. */
  readonly files: Readonly<Record<string, Uint8Array>>
  /** Rows of each table, on PostgreSQL. */
  readonly tables: Readonly<Record<string, KeptTable>>
  readonly agentKey: TestKey['privateJwk']
  readonly task: KeptTask
  /** Task that was closed. */
  readonly closed: KeptTask
  /** Resource token of the task, for the API `echo`. */
  readonly token: string
  /** Ids of two access requests: to delete `approved`, which was not done yet, and to create `pending`, which nobody has answered. */
  readonly approved: string
  readonly pending: string
}

export interface KeptTable {
  readonly columns: readonly string[]
  readonly rows: readonly StoredRow[]
}

const BYTES = 'base64:'
const INTEGER = 'integer:'
const TEXT = 'text:'

export function writeKept(file: string, kept: KeptDatabase): void {
  const tables = Object.entries(kept.tables).map(([name, { columns, rows }]) => [
    name,
    { columns, rows: rows.map((row) => row.map(toText)) },
  ])
  const files = Object.entries(kept.files).map(([name, bytes]) => [name, toText(bytes)])
  const json = { ...kept, tables: Object.fromEntries(tables), files: Object.fromEntries(files) }
  writeFileSync(file, gzipSync(JSON.stringify(json), { level: 9 }))
}

export function readKept(file: URL): KeptDatabase {
  const json: Omit<KeptDatabase, 'files' | 'tables'> & {
    readonly files: Readonly<Record<string, string>>
    readonly tables: Readonly<Record<string, { columns: string[]; rows: (string | null)[][] }>>
  } = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'))
  const files = Object.entries(json.files).map(([name, text]) => [name, bytesOf(text)])
  const tables = Object.entries(json.tables).map(([name, { columns, rows }]) => [
    name,
    { columns, rows: rows.map((row) => row.map(fromText)) },
  ])
  return { ...json, files: Object.fromEntries(files), tables: Object.fromEntries(tables) }
}

function toText(value: StoredValue): string | null {
  if (value === null) return null
  if (typeof value === 'bigint') return INTEGER + value
  if (typeof value === 'string') return TEXT + value
  return BYTES + Buffer.from(value).toString('base64')
}

function fromText(text: string | null): StoredValue {
  if (text === null) return null
  if (text.startsWith(INTEGER)) return BigInt(text.slice(INTEGER.length))
  return text.startsWith(TEXT) ? text.slice(TEXT.length) : bytesOf(text)
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text.slice(BYTES.length), 'base64')
}
