import { type CallParts, eraseNotices } from '../../calls/calls/index.ts'
import type { Ledger } from '../../platform/ledger/index.ts'
import { eraseInputs } from '../../tasks/decision-log/index.ts'
import { requireUnheld } from './require-unheld.ts'

/**
 * Erases the private values beside these records of the ledger, and the inputs of their decisions: arguments
 * and addresses stand in both. The erasure is recorded. Answers how many records had something.
 * @throws Problem `retention.held`
 * INVARIANT: the only way to erase, on request, the private values of a decision in the ledger.
 */
export async function eraseValues(
  parts: Pick<CallParts, 'storage'> & {
    readonly ledger: Pick<Ledger, 'decisionsAt' | 'erasePrivate' | 'recordsAt'>
  },
  erasure: { readonly positions: readonly number[]; readonly by: string; readonly reason: string },
): Promise<number> {
  const records = await parts.ledger.recordsAt(erasure.positions)
  return parts.storage.transaction(
    async (tx) => {
      await requireUnheld(tx, records)
      const decisions = await parts.ledger.decisionsAt(tx, erasure.positions)
      await eraseInputs(tx, decisions)
      await eraseNotices(tx, decisions)
      return parts.ledger.erasePrivate(tx, erasure)
    },
    { erases: true },
  )
}
