import { packBundle, tilePath, unpackBundle } from '../../platform/ledger/index.ts'
import { sameBytes, sha256 } from '../../platform/lib/bytes.ts'
import type { Problem } from '../../platform/lib/problem.ts'
import { ArchiveProblem } from './problems.ts'
import {
  type ArchiveStore,
  manifestPath,
  manifestText,
  readManifest,
  type SealedFile,
  type Segment,
  sealedFile,
} from './segment.ts'

type Span = Pick<Segment, 'from' | 'history' | 'to'>

/** Leaves of a tile, and records of a bundle (C2SP tlog-tiles). */
const WIDTH = 256
const HASH_BYTES = 32
const LEAF = Uint8Array.of(0)

/** Part of the ledger that sealing needs. */
export interface SealedSource extends SealCheck {
  /** Records of a full bundle, from the database. */
  bundle(index: number): Promise<readonly Uint8Array[]>
  /** Bytes of such a bundle that is packed in the database; `undefined`: it is not. */
  packed(index: number): Promise<Uint8Array | undefined>
  /** Signs a text as a note of the ledger's key. */
  signNote(text: string): Promise<string>
}

/** Part of the ledger by which sealed records are checked. */
export interface SealCheck {
  readonly origin: string
  /** Hashes of a full tile of level 0. */
  tile(index: number): Promise<Uint8Array>
  /** Root of the tree of so many records. */
  rootAt(size: number): Promise<Uint8Array>
  /** Checks the signature of a note of the ledger's key. */
  isSigned(note: string): boolean
}

/**
 * Writes bundles `first` to `last` (exclusive) with their tiles, reads all of it back, and writes the signed manifest last.
 * Doing it again writes the same bytes: a crash anywhere is repaired by repeating. Nothing leaves the database here.
 * @throws Problem `archive.unreachable`, `archive.damaged`, `archive.other_content`
 */
export async function sealSegment(
  source: SealedSource,
  store: ArchiveStore,
  span: { readonly first: number; readonly last: number; readonly history: number },
): Promise<Segment> {
  const { first, history, last } = span
  const files: SealedFile[] = []
  for (let index = first; index < last; index++) {
    const packed = await packedBundle(
      source,
      store,
      `${history}/${tilePath('entries', index, WIDTH)}.gz`,
      index,
    )
    const tile = await source.tile(index)
    for (const [path, bytes] of [
      [`${history}/${tilePath('entries', index, WIDTH)}.gz`, packed],
      [`${history}/${tilePath('0', index, WIDTH)}`, tile],
    ] as const) {
      await store.put(path, bytes)
      files.push(sealedFile(path, bytes))
    }
  }
  const to = last * WIDTH
  const root = Buffer.from(await source.rootAt(to)).toString('base64')
  const segment: Segment = { from: first * WIDTH, to, history, root, files }
  await verifyFiles(source, store, segment)
  const note = await source.signNote(manifestText(source.origin, segment))
  await store.put(manifestPath(segment), Buffer.from(note))
  await verifySegment(source, store, segment)
  return segment
}

/**
 * Packs a bundle, or takes it as it is packed: by the file that is there, for another version of the library packs the same into
 * other bytes, or in the database.
 */
async function packedBundle(
  source: SealedSource,
  store: ArchiveStore,
  path: string,
  index: number,
): Promise<Uint8Array> {
  const records = await source.bundle(index)
  const before = await store.get(path)
  if (before && isSame(await unpackBundle(before), records)) return before
  return (await source.packed(index)) ?? packBundle(records)
}

function isSame(some: readonly Uint8Array[] | undefined, others: readonly Uint8Array[]): boolean {
  return (
    some?.length === others.length &&
    some.every((record, i) => sameBytes(record, others[i] ?? new Uint8Array()))
  )
}

/**
 * Reads a sealed segment back: its manifest is signed, and every record is the one that the tree in the database has.
 * INVARIANT: no record leaves the database before this has passed, each time that some are about to leave.
 * @throws Problem `archive.damaged`, `archive.unreachable`
 */
export async function verifySegment(
  source: SealCheck,
  store: ArchiveStore,
  of: Span,
): Promise<Segment> {
  const segment = await readSegment(source, store, of)
  await verifyFiles(source, store, segment)
  return segment
}

/** Reads the manifest of a segment, which is signed and of this tree, and none of its other files. @throws as `verifySegment` */
export async function readSegment(
  source: SealCheck,
  store: ArchiveStore,
  of: Span,
): Promise<Segment> {
  const path = manifestPath(of)
  const bytes = await store.get(path)
  const note = Buffer.from(bytes ?? []).toString('utf8')
  const segment = readManifest(source.origin, note)
  if (!segment || !source.isSigned(note) || !isSameSpan(segment, of))
    throw damaged(`${path} is no manifest that was signed for these records`)
  if (segment.root !== Buffer.from(await source.rootAt(of.to)).toString('base64'))
    throw damaged(`${path} was signed for other records`)
  return segment
}

function isSameSpan(a: Span, b: Span): boolean {
  return a.from === b.from && a.to === b.to && a.history === b.history
}

/** Checks the files of a segment, or of a part of it. @throws as `verifySegment` */
export async function verifyFiles(
  source: SealCheck,
  store: ArchiveStore,
  { files, from, history, to }: Segment,
): Promise<void> {
  const listed = new Map(files.map((file) => [file.path, file]))
  for (let index = from / WIDTH; index * WIDTH < to; index++) {
    const entries = `${history}/${tilePath('entries', index, WIDTH)}.gz`
    const hashes = `${history}/${tilePath('0', index, WIDTH)}`
    const tile = await source.tile(index)
    if (tile.byteLength !== WIDTH * HASH_BYTES) throw damaged(`tile ${index} is not full`)
    if (!sameBytes(await readListed(store, listed.get(hashes), hashes), tile))
      throw damaged(`${hashes} is not the tile of the ledger`)
    const packed = await readListed(store, listed.get(entries), entries)
    const records = await unpackBundle(packed)
    if (!records) throw damaged(`${entries} is no packed bundle of ${WIDTH} records`)
    for (const [i, record] of records.entries()) {
      const hash = sha256(Buffer.concat([LEAF, record]))
      if (!sameBytes(hash, tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)))
        throw damaged(`record ${index * WIDTH + i} in ${entries} is another one`)
    }
  }
}

async function readListed(
  store: ArchiveStore,
  file: SealedFile | undefined,
  path: string,
): Promise<Uint8Array> {
  const bytes = await store.get(path)
  if (!bytes || !file) throw damaged(`${path} is missing`)
  if (sealedFile(path, bytes).sha256 !== file.sha256) throw damaged(`${path} was changed`)
  return bytes
}

function damaged(detail: string): Problem {
  return new ArchiveProblem('archive.damaged', detail)
}
