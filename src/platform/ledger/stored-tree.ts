import { Problem } from '../lib/problem.ts'
import type { Reader } from '../storage/index.ts'
import type { LedgerRecord } from './ledger-event.ts'
import { readHead, readTile } from './ledger-store.ts'
import {
  type ConsistencyProof,
  consistencyPath,
  type InclusionProof,
  inclusionPath,
  type ReadTile,
} from './proofs.ts'
import type { PlacedRecord, RecordReader } from './record-reader.ts'
import { HASH_BYTES, TILE_WIDTH } from './tree.ts'

const MAX_RECORDS = 1_000

/** Counts the records that have a position. */
export async function treeSize(reader: Reader): Promise<number> {
  return (await readHead(reader))?.size ?? 0
}

/** Reads records from a position on, at most 1,000. */
export async function recordsFrom(
  reader: RecordReader,
  from: number,
  limit: number,
): Promise<readonly LedgerRecord[]> {
  const to = Math.min(from + Math.min(limit, MAX_RECORDS), await treeSize(reader.db))
  const leaves = await reader.between(from, to)
  return leaves.map(asText)
}

/** A record as text. */
export function asText({ position, record }: PlacedRecord): LedgerRecord {
  return { position, record: Buffer.from(record).toString('utf8') }
}

/**
 * Proves that a record is in the tree of `size` records.
 * @throws Problem `ledger.unknown_position`, `ledger.inconsistent`
 */
export async function proveInclusion(
  reader: Reader,
  position: number,
  size: number,
): Promise<InclusionProof> {
  requireWithin(position, size - 1)
  // The hash comes from its tile, because the record itself may be in the archive.
  const tile = await readTile(reader, 0, Math.floor(position / TILE_WIDTH))
  const from = (position % TILE_WIDTH) * HASH_BYTES
  const leafHash = tile.subarray(from, from + HASH_BYTES)
  if (leafHash.byteLength < HASH_BYTES)
    throw new Problem('ledger.inconsistent', `record ${position} is missing`)
  const path = await inclusionPath(tilesOf(reader), position, size)
  return { position, size, leafHash: base64(leafHash), hashes: path.map(base64) }
}

/**
 * Proves that the tree of `to` records begins with that of `from` records.
 * @throws Problem `ledger.unknown_position`
 */
export async function proveConsistency(
  reader: Reader,
  from: number,
  to: number,
): Promise<ConsistencyProof> {
  requireWithin(from, to)
  const path = from === 0 ? [] : await consistencyPath(tilesOf(reader), from, to)
  return { from, to, hashes: path.map(base64) }
}

/** @throws Problem `ledger.unknown_position` unless the number is from 0 to `most` */
export function requireWithin(number: number, most: number): number {
  if (!Number.isSafeInteger(number) || number < 0 || number > most)
    throw new Problem('ledger.unknown_position', `the ledger has no ${number}`)
  return number
}

function tilesOf(reader: Reader): ReadTile {
  return (level, index) => readTile(reader, level, index)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
