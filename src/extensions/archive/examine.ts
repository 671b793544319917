import { readTreeHead, type sealCheck } from '../../platform/ledger/index.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { isHeld, readHolds, subjectsOfRecords } from '../retention/index.ts'
import { ArchiveProblem } from './problems.ts'
import { readSegment, verifyFiles } from './seal.ts'
import type { ArchivePlace, ArchivePlaceFacts } from './segment.ts'
import { lastSegment } from './segment-store.ts'

const WIDTH = 256

/** State of an archive, as a program finds it that reads beside the servers. */
export interface ArchiveState extends ArchivePlaceFacts {
  /** Number of records that are sealed in it. */
  readonly sealed: number
  /** Time at which the oldest record was written that could have left; undefined: none could. */
  readonly oldestHere: number | undefined
  /** Legal holds that cover a record of the next bundle: until they are lifted, it and all later ones stay. */
  readonly heldBy: readonly string[]
}

/**
 * Looks whether an archive can be written, and whether its last segment is that of this ledger: signed by its key, for its
 * tree and its history, with its last records.
 * @throws Problem `archive.damaged`, `archive.unreachable`
 */
export async function examineArchive(
  read: Reader,
  place: ArchivePlace,
  check: ReturnType<typeof sealCheck>,
): Promise<ArchiveState> {
  const facts = await place.examine()
  const last = await lastSegment(read)
  const newest = await read
    .selectFrom('ledger_checkpoints')
    .select('note')
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  const history = newest ? (readTreeHead(newest.note)?.history ?? 0) : 0
  if (last) {
    if (last.history > history)
      throw new ArchiveProblem(
        'archive.damaged',
        `records to ${last.to - 1} were sealed in history ${last.history}, and this one is ${history}`,
      )
    const segment = await readSegment(check, place, last)
    await verifyFiles(check, place, { ...segment, from: segment.to - WIDTH })
  }
  return {
    ...facts,
    sealed: last?.to ?? 0,
    oldestHere: await oldestHere(read, check, last?.to ?? 0),
    heldBy: await holdsOn(read, check, last?.to ?? 0),
  }
}

/** Finds the holds that cover a record of the bundle at `from`. */
async function holdsOn(
  read: Reader,
  check: ReturnType<typeof sealCheck>,
  from: number,
): Promise<readonly string[]> {
  const records = await check.bundle(from / WIDTH)
  if (records.length < WIDTH) return []
  const texts = records.map((record, i) => ({
    position: from + i,
    record: Buffer.from(record).toString('utf8'),
  }))
  const subjects = await subjectsOfRecords(read, texts)
  const holds = await readHolds(read)
  return holds.standing
    .filter((hold) => subjects.some((each) => isHeld({ ...holds, standing: [hold] }, each)))
    .map(({ id }) => id)
}

/** Finds out when the first record was written that is not sealed; undefined: its bundle is not full. */
async function oldestHere(
  read: Reader,
  check: ReturnType<typeof sealCheck>,
  from: number,
): Promise<number | undefined> {
  const head = await read.selectFrom('ledger_head').select('size').executeTakeFirst()
  if ((head?.size ?? 0) < from + WIDTH) return undefined
  const record = await check.record(from)
  if (!record) return undefined
  const { time }: { time: string } = JSON.parse(Buffer.from(record).toString('utf8')) // written by makeRecord
  return Date.parse(time)
}
