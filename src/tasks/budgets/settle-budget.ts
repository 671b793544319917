import type { Step } from '../../platform/storage/index.ts'
import { unitsInWords } from './amount.ts'
import type { AnswerPart, MissingAmountReason, ReportedAmount } from './answered-amount.ts'
import {
  type CountKey,
  settleCountQuery,
  settleUseQuery,
  type Use,
  usesOf,
} from './budget-store.ts'
import type { BudgetParts } from './limit.ts'
import { inOrder } from './take-budget.ts'

/** Amount of one limit that a call turned out to take. */
export interface Settlement extends CountKey {
  /** Exact text: the reserved amount, and the one counted by now. */
  readonly reserved: string
  readonly amount: string
  readonly by: MissingAmountReason | 'answer'
}

/**
 * Settles, in the transaction that says how a call ended, what it reserved: it becomes what its
 * answer says, more or less; where that is not said, it stays taken. Once: the guard of the ending
 * is the caller's.
 */
export async function settleSteps(
  parts: Pick<BudgetParts, 'storage'>,
  decisionId: string,
  said: ReportedAmount,
): Promise<{ readonly steps: readonly Step[]; readonly settlements: readonly Settlement[] }> {
  const { read } = parts.storage
  const settled = inOrder(await usesOf(read, decisionId)).flatMap((use) =>
    use.settles && !use.settled ? [{ use, to: settledTo(use, use.settles, said) }] : [],
  )
  return {
    steps: settled.flatMap(({ to, use }) => [
      ...(to.amount === use.amount
        ? []
        : [
            {
              name: 'limit settled',
              query: settleCountQuery(read, use, to.amount),
              rows: 'any' as const,
            },
          ]),
      {
        name: 'use settled',
        query: settleUseQuery(read, decisionId, use, to),
        rows: 'any' as const,
      },
    ]),
    settlements: settled.map(({ to, use }) => settlementOf(use, to.kind, use.amount, to)),
  }
}

function settledTo(use: Use, part: AnswerPart, said: ReportedAmount) {
  const { kind } = part
  if (said.unsaid !== undefined) return { kind, amount: use.amount, by: said.unsaid }
  const amount = said.of(part)
  return amount === undefined
    ? { kind, amount: use.amount, by: 'not_there' as const }
    : { kind, amount, by: 'answer' as const }
}

/** Lists how each amount that one call reserved ended, once that is known. */
export async function settlementsOf(
  parts: Pick<BudgetParts, 'storage'>,
  decisionId: string,
): Promise<readonly Settlement[]> {
  const uses = await usesOf(parts.storage.read, decisionId)
  return inOrder(uses).flatMap((use) =>
    use.settles && use.settled
      ? [settlementOf(use, use.settles.kind, use.settled.reserved, use.settled)]
      : [],
  )
}

function settlementOf(
  { amount, name, owner }: Use,
  kind: AnswerPart['kind'],
  reserved: bigint,
  to: { readonly amount?: bigint; readonly by: Settlement['by'] },
): Settlement {
  return {
    owner,
    name,
    reserved: unitsInWords(kind, reserved),
    amount: unitsInWords(kind, to.amount ?? amount),
    by: to.by,
  }
}
