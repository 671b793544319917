import { type CallParts, eraseNotices } from '../calls/index.ts'
import { eraseInputs } from '../decision-log/index.ts'
import type { Ledger } from '../ledger/index.ts'

/**
 * Erases what was kept beside these records of the ledger, and with it what the decisions they are about were made from: arguments
 * and addresses stand in both. That it was done is recorded. Answers how many records had something.
 * INVARIANT: the only way to erase what the ledger keeps of a decision.
 */
export function eraseValues(
  parts: Pick<CallParts, 'storage'> & {
    readonly ledger: Pick<Ledger, 'decisionsAt' | 'erasePrivate'>
  },
  erasure: { readonly positions: readonly number[]; readonly by: string; readonly reason: string },
): Promise<number> {
  return parts.storage.transaction(async (tx) => {
    const decisions = await parts.ledger.decisionsAt(tx, erasure.positions)
    await eraseInputs(tx, decisions)
    await eraseNotices(tx, decisions)
    return parts.ledger.erasePrivate(tx, erasure)
  })
}
