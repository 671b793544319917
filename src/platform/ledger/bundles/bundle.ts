import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { TILE_WIDTH } from '../tree.ts'

/** Length of the longest bundle: 256 records of 65,535 bytes, each after its length. */
const MAX_BYTES = TILE_WIDTH * 65_537
/** Holds what most bundles have: each further piece waits for a thread once more. */
const CHUNK_BYTES = 196_608

// Not on the thread that answers calls.
const [gzipped, gunzipped] = [promisify(gzip), promisify(gunzip)]

/** Makes an entry bundle (C2SP tlog-tiles). */
export function bundleOf(records: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(records.flatMap((record) => [lengthOf(record), record]))
}

/** Reads an entry bundle. `undefined`: it is not one of so many records. */
export function readBundle(bytes: Buffer, width: number): readonly Uint8Array[] | undefined {
  const records: Uint8Array[] = []
  for (let at = 0; at + 2 <= bytes.byteLength; ) {
    const end = at + 2 + bytes.readUInt16BE(at)
    records.push(bytes.subarray(at + 2, end))
    at = end
    if (end > bytes.byteLength) return undefined
  }
  return records.length === width ? records : undefined
}

/** Packs a full bundle, in the form in which the archive has it. */
export function packBundle(records: readonly Uint8Array[]): Promise<Uint8Array> {
  return gzipped(bundleOf(records))
}

/** Unpacks a full bundle. `undefined`: it is none. */
export async function unpackBundle(packed: Uint8Array): Promise<readonly Uint8Array[] | undefined> {
  const bytes = await gunzipped(packed, {
    maxOutputLength: MAX_BYTES,
    chunkSize: CHUNK_BYTES,
  }).catch(() => undefined)
  return bytes && readBundle(bytes, TILE_WIDTH)
}

function lengthOf(record: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(record.byteLength)
  return bytes
}
