import type { StoredRow, StoredValue } from '../../platform/storage/index.ts'

/**
 * A row as a line of JSON: a list in the order of the columns. Text and NULL are themselves, an
 * integer is a number, or `{"i":"…"}` where a number would lose digits, bytes are `{"b":"…"}`
 * (base64url).
 */
export function writeRow(row: StoredRow): string {
  return `${JSON.stringify(row.map(writeValue))}\n`
}

function writeValue(value: StoredValue): unknown {
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : { i: String(value) }
  if (value instanceof Uint8Array)
    return {
      b: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64url'),
    }
  return value
}

/** @throws TypeError for a line that is no row of so many columns */
export function readRow(line: string, columns: number): StoredRow {
  const row: unknown = JSON.parse(line)
  if (!Array.isArray(row) || row.length !== columns) throw new TypeError('not a row of this table')
  return row.map(readValue)
}

function readValue(value: unknown): StoredValue {
  if (value === null || typeof value === 'string') return value
  if (Number.isSafeInteger(value)) return BigInt(Number(value))
  const { b, i }: { b?: unknown; i?: unknown } = Object(value)
  if (typeof b === 'string') return Buffer.from(b, 'base64url')
  if (typeof i === 'string' && /^-?\d{1,19}$/.test(i)) return BigInt(i)
  throw new TypeError('not a value of a column')
}
