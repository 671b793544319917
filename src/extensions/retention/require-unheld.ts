import type { LedgerRecord } from '../../platform/ledger/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { isHeld } from './hold.ts'
import { lockHolds, readHolds } from './hold-store.ts'
import { RetentionProblem } from './problems.ts'
import { subjectsOfRecords } from './record-classes.ts'

/**
 * Refuses an erasure that a legal hold covers, in the transaction that erases.
 * INVARIANT: it takes the row that every change of holds takes, so no hold is set between the look and the commit.
 * @throws Problem `retention.held`
 */
export async function requireUnheld(tx: Tx, records: readonly LedgerRecord[]): Promise<void> {
  await lockHolds(tx)
  const holds = await readHolds(tx)
  if (holds.standing.length === 0) return
  const subjects = await subjectsOfRecords(tx, records)
  const held = subjects.filter((each) => isHeld(holds, each)).length
  if (held > 0)
    throw new RetentionProblem(
      'retention.held',
      `a legal hold covers ${held} of ${records.length} records`,
    )
}
