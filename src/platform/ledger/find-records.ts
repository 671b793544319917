import { setImmediate as turn } from 'node:timers/promises'
import { MINUTE } from '../lib/time-units.ts'
import type { RecordReader } from './record-reader.ts'

/** Number of records that are read before others get their turn. */
const AT_ONCE = 500
/**
 * Margin around a time: records stand nearly in the order of their times, because writers commit
 * beside each other, on clocks that are not quite the same.
 */
export const RECORD_ORDER_MARGIN = 10 * MINUTE

/**
 * Finds the records about a decision that was made at a time (epoch milliseconds), by position.
 * There is no index of their content, so all records from then on are read: for a recent decision
 * that is quick.
 */
export async function positionsAbout(
  reader: RecordReader,
  size: number,
  decision: { readonly id: string; readonly at: number },
): Promise<readonly number[]> {
  const wanted = Buffer.from(`"decision_id":${JSON.stringify(decision.id)}`)
  const positions: number[] = []
  const first = await firstSince(reader, size, decision.at - RECORD_ORDER_MARGIN)
  for (let from = first; from < size; from += AT_ONCE) {
    const leaves = await reader.between(from, Math.min(from + AT_ONCE, size))
    for (const { position, record } of leaves)
      if (Buffer.from(record).includes(wanted)) positions.push(position)
    await turn()
  }
  return positions
}

/** Finds the first position whose record is not older, by halving. */
async function firstSince(reader: RecordReader, size: number, since: number): Promise<number> {
  let [from, to] = [0, size]
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    const [leaf] = await reader.between(middle, middle + 1)
    if (leaf && timeOf(leaf.record) < since) from = middle + 1
    else to = middle
  }
  return from
}

function timeOf(record: Uint8Array): number {
  const { time }: { time?: unknown } = JSON.parse(Buffer.from(record).toString('utf8'))
  return typeof time === 'string' ? Date.parse(time) : 0
}

/** Finds the decisions that these records are about, each once. */
export async function decisionsAt(
  reader: RecordReader,
  positions: readonly number[],
): Promise<readonly string[]> {
  const records = await reader.at(positions)
  return [
    ...new Set(records.flatMap(({ record }) => decisionsOf(Buffer.from(record).toString('utf8')))),
  ]
}

/** Ids of the decisions in a record: one, or in a shared record one for each answer. */
function decisionsOf(record: string): readonly string[] {
  const { decision_id, facts }: RecordBody = JSON.parse(record) // written by makeRecord or makeShared
  const shared = facts?.decisions?.map((each) => each.decision_id) ?? []
  return decision_id === undefined ? shared : [decision_id]
}

interface RecordBody {
  readonly decision_id?: string
  readonly facts?: { readonly decisions?: readonly { readonly decision_id: string }[] }
}
