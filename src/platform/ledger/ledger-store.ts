import { COMMITTED_VALUES, RECORDS } from '../dictionaries/index.ts'
import {
  Guard,
  keptQuery,
  type Reader,
  type Step,
  type Storage,
  type Tx,
} from '../storage/index.ts'
import type { ReadTile } from './proofs.ts'
import type { NewRecord } from './record.ts'
import { type Edge, edgeOf, split, type Tile } from './tree.ts'

export interface Head {
  readonly size: number
  /** Version of the head; grows with every change of it. */
  readonly fence: number
}

export interface WaitingRecord {
  readonly seq: number
  readonly record: Uint8Array
  readonly private: string | null
}

export interface StoredCheckpoint {
  readonly size: number
  readonly note: string
  /** Epoch milliseconds. */
  readonly at: number
}

export interface TreeLeaf {
  readonly position: number
  readonly leafHash: Uint8Array
  readonly record: Uint8Array
}

/** Fails when another sequencer was first. */
export const FENCE_GUARD = new Guard('ledger head')
/** Fails when another sequencer took them out of the intake. */
export const INTAKE_GUARD = new Guard('ledger intake')
/** Fails where the leaves are not what the head says. */
export const LEAVES_GUARD = new Guard('ledger leaves', [
  'ledger.inconsistent',
  'positions could not be given',
])

export function intakeQuery(db: Reader, records: readonly NewRecord[]) {
  return db
    .insertInto('ledger_intake')
    .values(records.map(({ record, private: kept }) => ({ record, private: kept })))
}

export async function readIntake(reader: Reader, limit: number): Promise<readonly WaitingRecord[]> {
  const rows = await reader
    .selectFrom('ledger_intake')
    .selectAll()
    .orderBy('seq')
    .limit(limit)
    .execute()
  // Records that a restore returned to the intake (`returnToIntake`) are shortened; others are not, and stay as they are.
  return rows.map((row) => ({
    seq: row.seq,
    record: RECORDS.restore(row.record),
    private: row.private === null ? null : COMMITTED_VALUES.restoreText(row.private),
  }))
}

/** Counts waiting records by the ends of the intake: records leave at the front only. */
export async function countIntake(reader: Reader): Promise<number> {
  const { first, last } = await reader
    .selectFrom('ledger_intake')
    .select(({ fn }) => [fn.min('seq').as('first'), fn.max('seq').as('last')])
    .executeTakeFirstOrThrow()
  return last === null ? 0 : Number(last) - Number(first) + 1
}

/** Creates the head of an empty tree, once. */
export async function createHead(storage: Storage): Promise<void> {
  const query = storage.read
    .insertInto('ledger_head')
    .values({ id: 1, size: 0, fence: 0 })
    .onConflict((conflict) => conflict.column('id').doNothing())
  await storage.commit([{ name: 'ledger head', query, rows: 'any' }])
}

export async function readHead(reader: Reader): Promise<Head | undefined> {
  return reader
    .selectFrom('ledger_head')
    .select(['size', 'fence'])
    .where('id', '=', 1)
    .executeTakeFirst()
}

/**
 * Takes leaves into the tree, all or nothing; `placing` gives them their positions, where they have none.
 * INVARIANT: every change of the tree goes through the fence: it names the head it was computed from, and a head that
 * has moved meanwhile fails the whole commit. Which process, and how slow its clock is, does not matter.
 */
export function growSteps(
  db: Reader,
  head: Head,
  { count, placing = [], tiles }: TreeGrowth,
): readonly Step[] {
  return [fenceStep(db, head, count), ...placing, ...tileSteps(db, tiles)]
}

export interface TreeGrowth {
  readonly count: number
  readonly placing?: readonly Step[]
  readonly tiles: readonly Tile[]
}

function fenceStep(db: Reader, head: Head, count: number): Step {
  const query = db
    .updateTable('ledger_head')
    .set({ size: head.size + count, fence: head.fence + 1 })
    .where('id', '=', 1)
    .where('fence', '=', head.fence)
    .where('size', '=', head.size)
  return { guard: FENCE_GUARD, query, rows: 1 }
}

/** Takes records out of the intake. */
export function intakeSteps(db: Reader, taken: readonly WaitingRecord[]): readonly Step[] {
  return chunksOf(taken).map((chunk) => ({
    guard: INTAKE_GUARD,
    query: takeQuery(db, chunk),
    rows: chunk.length,
  }))
}

function tileSteps(db: Reader, tiles: readonly Tile[]): readonly Step[] {
  return tiles.map((tile) => ({ guard: LEAVES_GUARD, query: tileQuery(db, tile), rows: 1 }))
}

function takeQuery(db: Reader, taken: readonly WaitingRecord[]): Step['query'] {
  const seqs = taken.map(({ seq }) => seq)
  return keptQuery(db, `ledger taken ${seqs.length}`, seqs, () =>
    db.deleteFrom('ledger_intake').where('seq', 'in', seqs),
  )
}

function tileQuery(db: Reader, { level, index, hashes }: Tile) {
  return db
    .insertInto('ledger_tiles')
    .values({ level, tile: index, hashes })
    .onConflict((conflict) =>
      conflict
        .columns(['level', 'tile'])
        .doUpdateSet((eb) => ({ hashes: eb.ref('excluded.hashes') })),
    )
}

/** Reads a tile as it is now; the tree grows at its end only, so it serves older sizes too. */
export async function readTile(reader: Reader, level: number, index: number): Promise<Uint8Array> {
  const row = await reader
    .selectFrom('ledger_tiles')
    .select('hashes')
    .where('level', '=', level)
    .where('tile', '=', index)
    .executeTakeFirst()
  return row?.hashes ?? new Uint8Array()
}

/**
 * Reads the right edge of the tree of this size; `undefined` when tiles are missing or too short.
 */
export async function readEdge(tileAt: ReadTile, size: number): Promise<Edge | undefined> {
  const edge = new Map<number, readonly Uint8Array[]>()
  for (const { level, index, width } of edgeOf(size)) {
    const hashes = split(await tileAt(level, index)).slice(0, width)
    if (hashes.length < width) return undefined
    edge.set(level, hashes)
  }
  return edge
}

export async function readLeaves(
  reader: Reader,
  from: number,
  to: number,
): Promise<readonly TreeLeaf[]> {
  const rows = await reader
    .selectFrom('ledger_leaves')
    .select(['position', 'leaf_hash', 'record'])
    .where('position', '>=', from)
    .where('position', '<', to)
    .orderBy('position')
    .execute()
  return rows.map((row) => ({
    position: row.position,
    leafHash: row.leaf_hash,
    record: RECORDS.restore(row.record),
  }))
}

/** Reads the records at some positions; positions without a record are left out. */
export async function readRecordsAt(
  reader: Reader,
  positions: readonly number[],
): Promise<readonly { readonly position: number; readonly record: Uint8Array }[]> {
  const records: { position: number; record: Uint8Array }[] = []
  for (const chunk of chunksOf(positions)) {
    const rows = await reader
      .selectFrom('ledger_leaves')
      .select(['position', 'record'])
      .where('position', 'in', chunk)
      .execute()
    for (const row of rows)
      records.push({ position: row.position, record: RECORDS.restore(row.record) })
  }
  return records
}

/** Deletes the records from `from` to `to` (exclusive). Their hashes stay in the tiles. */
export async function deleteLeaves(tx: Tx, from: number, to: number): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('ledger_leaves')
    .where('position', '>=', from)
    .where('position', '<', to)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

export async function readPrivateValues(
  reader: Reader,
  from: number,
  to: number,
): Promise<readonly { position: number; private: string }[]> {
  const rows = await reader
    .selectFrom('ledger_private')
    .selectAll()
    .where('position', '>=', from)
    .where('position', '<', to)
    .orderBy('position')
    .execute()
  return rows.map((row) => ({
    position: row.position,
    private: COMMITTED_VALUES.restoreText(row.private),
  }))
}

/** Reads the positions behind `after` that have private values, in their order. */
export async function privatePositions(
  reader: Reader,
  after: number,
  limit: number,
): Promise<readonly number[]> {
  const rows = await reader
    .selectFrom('ledger_private')
    .select('position')
    .where('position', '>', after)
    .orderBy('position')
    .limit(limit)
    .execute()
  return rows.map(({ position }) => position)
}

export async function deletePrivate(tx: Tx, positions: readonly number[]): Promise<number> {
  let count = 0
  for (const chunk of chunksOf(positions)) {
    // Where the position came later, a copy is in the record's row until it is packed.
    await tx
      .updateTable('ledger_leaves')
      .set({ private: null })
      .where('position', 'in', chunk)
      .where('private', 'is not', null)
      .execute()
    const { numDeletedRows } = await tx
      .deleteFrom('ledger_private')
      .where('position', 'in', chunk)
      .executeTakeFirstOrThrow()
    count += Number(numDeletedRows)
  }
  return count
}

export async function newestCheckpoint(reader: Reader): Promise<StoredCheckpoint | undefined> {
  return reader
    .selectFrom('ledger_checkpoints')
    .selectAll()
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/**
 * Inserts a checkpoint. Two replicas that sign the same head make the same note; the first one
 * stays.
 */
export async function insertCheckpoint(storage: Storage, row: StoredCheckpoint): Promise<void> {
  const query = storage.read
    .insertInto('ledger_checkpoints')
    .values({ ...row })
    .onConflict((conflict) => conflict.column('size').doNothing())
  await storage.commit([{ name: 'ledger checkpoint', query, rows: 'any' }], { isBehind: true })
}

/** Deletes all but the newest checkpoints: any size can be proven from the tiles. */
export async function trimCheckpoints(storage: Storage, keep: number): Promise<void> {
  const oldest = await storage.read
    .selectFrom('ledger_checkpoints')
    .select('size')
    .orderBy('size', 'desc')
    .offset(keep)
    .limit(1)
    .executeTakeFirst()
  if (!oldest) return
  const query = storage.read.deleteFrom('ledger_checkpoints').where('size', '<=', oldest.size)
  await storage.commit([{ name: 'ledger checkpoints', query, rows: 'any' }], { isBehind: true })
}

/**
 * Cuts a list at powers of two: however many items there are, only few different statements have to
 * be prepared.
 */
function chunksOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const chunks: (readonly T[])[] = []
  for (let from = 0; from < items.length; ) {
    const width = 2 ** Math.floor(Math.log2(Math.min(items.length - from, 256)))
    chunks.push(items.slice(from, from + width))
    from += width
  }
  return chunks
}
