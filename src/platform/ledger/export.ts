import { canonicalJson } from '../lib/canonical-json.ts'
import { Problem } from '../lib/problem.ts'
import type { Reader } from '../storage/index.ts'
import { bundleOf } from './bundles/bundle.ts'
import { readPrivateValues, readTile } from './ledger-store.ts'
import type { RecordReader } from './record-reader.ts'
import { HASH_BYTES, TILE_WIDTH } from './tree.ts'

/**
 * Takes one file of an export. Paths are relative, with `/`. `private.jsonl` comes in parts that follow one another:
 * a path that was there before is appended to.
 */
export type WriteFile = (path: string, bytes: Uint8Array) => Promise<void>

/** A span of records that is sealed in the archive; `to`: exclusive. */
export interface SealedSpan {
  readonly from: number
  readonly to: number
  readonly history: number
}

/**
 * Writes the tree of `size` leaves: tiles and entry bundles (C2SP tlog-tiles), one file after the other. Of the bundles, none
 * that is in one of these `sealed` segments.
 */
export async function writeTree(
  records: RecordReader,
  { sealed = [], size }: { readonly size: number; readonly sealed?: readonly SealedSpan[] },
  write: WriteFile,
): Promise<void> {
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
    for (const { index, width } of tilesOf(count)) {
      const hashes = await readTile(records.db, level, index)
      const bytes = hashes.subarray(0, width * HASH_BYTES)
      if (bytes.byteLength < width * HASH_BYTES)
        throw new Problem('ledger.inconsistent', `tile ${index} of level ${level} is too short`)
      await write(tilePath(String(level), index, width), bytes)
    }
  }
  for (const { index, width } of tilesOf(size)) {
    const from = index * TILE_WIDTH
    if (sealed.some((span) => span.from <= from && from < span.to)) continue
    const leaves = await records.between(from, from + width)
    if (leaves.length < width)
      throw new Problem('ledger.inconsistent', `records after ${from} are missing`)
    await write(tilePath('entries', index, width), bundleOf(leaves.map(({ record }) => record)))
  }
}

/** Writes which segments the archive has: their records are not in the export. */
export function writeSealed(sealed: readonly SealedSpan[], write: WriteFile): Promise<void> {
  const lines = sealed.map(({ from, history, to }) => `${from} ${to} ${history}\n`)
  return write('segments', Buffer.from(lines.join('')))
}

/**
 * Writes the private values that were kept beside the records, as lines of `{ name, position, salt,
 * value }`.
 */
export async function exportPrivateValues(
  reader: Reader,
  size: number,
  write: WriteFile,
): Promise<void> {
  for (const { index, width } of tilesOf(size)) {
    const from = index * TILE_WIDTH
    const rows = await readPrivateValues(reader, from, from + width)
    const lines = rows.flatMap(({ position, private: text }) => linesOf(position, text))
    await write('private.jsonl', Buffer.from(lines.join('')))
  }
}

function linesOf(position: number, text: string): readonly string[] {
  const kept: Record<string, { salt: string; value: string }> = JSON.parse(text)
  return Object.entries(kept).map(
    ([name, { salt, value }]) => `${canonicalJson({ name, position, salt, value })}\n`,
  )
}

/** Tiles over that many hashes; the last one may be partial. */
function* tilesOf(count: number): Generator<{ index: number; width: number }> {
  for (let from = 0; from < count; from += TILE_WIDTH)
    yield { index: from / TILE_WIDTH, width: Math.min(TILE_WIDTH, count - from) }
}

/** `tile/0/x001/x234/067`, and `.p/<width>` when it is partial. */
export function tilePath(level: string, index: number, width: number): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0')
  const parts = digits.match(/\d{3}/g) ?? []
  const name = parts.map((part, i) => (i < parts.length - 1 ? `x${part}` : part)).join('/')
  return `tile/${level}/${name}${width < TILE_WIDTH ? `.p/${width}` : ''}`
}

/** Paths of the entry bundles of a tree, and how many records each has. */
export function* entryBundles(
  size: number,
): Generator<{ readonly path: string; readonly width: number }> {
  for (const { index, width } of tilesOf(size))
    yield { path: tilePath('entries', index, width), width }
}
