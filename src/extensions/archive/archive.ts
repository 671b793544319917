import { setImmediate as turn } from 'node:timers/promises'
import {
  type Ledger,
  type LedgerRecord,
  RECORD_ORDER_MARGIN,
  readTreeHead,
} from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { holdsAreAsRead, isHeld, readHolds, subjectsOfRecords } from '../retention/index.ts'
import { sealSegment, verifySegment } from './seal.ts'
import type { ArchiveStore } from './segment.ts'
import {
  insertSegment,
  lastSegment,
  markRemoved,
  type StoredSegment,
  unfinishedSegment,
} from './segment-store.ts'

const WIDTH = 256
/** Bundles of a segment, at most: 16,384 records. */
const MAX_BUNDLES = 64

/** Parts that the archive works with. */
export interface ArchiveParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append' | 'checkpoint' | 'sealing'>
  readonly clock: Clock
  readonly store: ArchiveStore
  /** Days after which records leave the database. */
  readonly days: number
}

/**
 * Seals records that are old enough in the archive, and takes it out of the database. Answers how many records left.
 * INVARIANT: written, read back and verified, noted in the database, and only then removed. Stopped anywhere, the next
 * round goes on there.
 */
export async function archive(given: ArchiveParts, goesOn = () => true): Promise<number> {
  const parts = { ...given, store: untilStopped(given.store, goesOn) }
  let count = 0
  try {
    while (goesOn()) {
      const unfinished = await unfinishedSegment(parts.storage.read)
      const segment = unfinished ?? (await sealNext(parts))
      if (!segment) return count
      const removed = await removeSegment(parts, segment, goesOn)
      count += removed.count
      if (!removed.isDone) return count
      await turn()
    }
  } catch (error) {
    if (!(error instanceof StopSignal)) throw error
  }
  return count
}

/** Thrown at the next file when the archive is told to stop. */
class StopSignal extends Error {}

/** Makes the same store, in which nothing more is read or written once it is time to stop: it can be slow. */
function untilStopped(store: ArchiveStore, goesOn: () => boolean): ArchiveStore {
  const check = () => {
    if (!goesOn()) throw new StopSignal()
  }
  return {
    where: store.where,
    put: async (path, bytes) => {
      check()
      await store.put(path, bytes)
    },
    get: async (path) => {
      check()
      return store.get(path)
    },
  }
}

async function sealNext(parts: ArchiveParts): Promise<StoredSegment | undefined> {
  const { clock, ledger, storage, store } = parts
  const { sealing } = ledger
  const first = ((await lastSegment(storage.read))?.to ?? 0) / WIDTH
  const before = clock.now() - parts.days * 86_400_000
  const full = Math.min(await sealing.fullBundles(), first + MAX_BUNDLES)
  let last = first
  while (last < full && (await mayLeave(parts, last, before))) last++
  if (last === first) return undefined
  const history = readTreeHead(await ledger.checkpoint())?.history ?? 0
  const sealed = await sealSegment(sealing, store, { first, last, history })
  const { files, from, root, to } = sealed
  const sealedAt = clock.now()
  const isOurs = await storage.transaction(async (tx) => {
    if (!(await insertSegment(tx, { from, to, history, sealedAt }))) return false
    await ledger.append(tx, {
      type: 'ledger.archived',
      by: 'system',
      reason: 'retention.rule',
      facts: {
        ...{ from, to, history, root, days: parts.days },
        bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      },
    })
    return true
  })
  return isOurs ? { from, to, history, sealedAt, removedAt: null } : undefined
}

/** Tells whether all records of a bundle are old enough, and no hold covers any. */
async function mayLeave(
  { ledger, storage }: ArchiveParts,
  index: number,
  before: number,
): Promise<boolean> {
  const records = textsOf(await ledger.sealing.bundle(index), index)
  if (records.length < WIDTH) return false
  const isOld = records.every(({ record }) => timeOf(record) < before - RECORD_ORDER_MARGIN)
  if (!isOld) return false
  const holds = await readHolds(storage.read)
  return !(await subjectsOfRecords(storage.read, records)).some((each) => isHeld(holds, each))
}

async function removeSegment(
  { clock, ledger, storage, store }: ArchiveParts,
  segment: StoredSegment,
  goesOn: () => boolean,
): Promise<{ readonly count: number; readonly isDone: boolean }> {
  const { from, to } = segment
  await verifySegment(ledger.sealing, store, segment)
  let count = 0
  for (let index = from / WIDTH; index * WIDTH < to; index++) {
    if (!goesOn()) return { count, isDone: false }
    const holds = await readHolds(storage.read)
    const records = textsOf(await ledger.sealing.bundle(index), index)
    const subjects = await subjectsOfRecords(storage.read, records)
    if (subjects.some((each) => isHeld(holds, each))) return { count, isDone: false }
    const removed = await storage.transaction(async (tx) =>
      // INVARIANT, second look: a hold that was set meanwhile keeps the records here.
      (await holdsAreAsRead(tx, holds)) ? ledger.sealing.remove(tx, index) : undefined,
    )
    if (removed === undefined) return { count, isDone: false }
    count += removed
  }
  await storage.transaction((tx) => markRemoved(tx, from, clock.now()))
  return { count, isDone: true }
}

function textsOf(records: readonly Uint8Array[], index: number): readonly LedgerRecord[] {
  return records.map((record, i) => ({
    position: index * WIDTH + i,
    record: Buffer.from(record).toString('utf8'),
  }))
}

function timeOf(record: string): number {
  const { time }: { time: string } = JSON.parse(record) // written by makeRecord
  return Date.parse(time)
}
