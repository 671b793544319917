import { Guard, type Step } from '../../platform/storage/index.ts'
import {
  type CountKey,
  deleteUseQuery,
  giveBackQuery,
  holdQuery,
  insertUseQuery,
  type Reservation,
  sweepQuery,
  takeQuery,
  usesOf,
} from './budget-store.ts'
import type { BudgetParts } from './limit.ts'

/** Fails when a limit has less left than the call takes. */
export const BUDGET_GUARD = new Guard('take budget')
/** Fail where the decision took of the limit before, and where it did not. */
const UNTAKEN_GUARD = new Guard('not taken by the decision')
const TAKEN_GUARD = new Guard('taken by the decision')

/**
 * Takes, in the transaction that reserves a call, from all limits or none: a guarded step for each,
 * and the taken amounts. Of a limit on a length of time, uses that have left it are forgotten before.
 */
export function budgetSteps(
  parts: Pick<BudgetParts, 'storage'>,
  takings: readonly Reservation[],
  by: { readonly decisionId: string; readonly at: number },
): Step[] {
  const { read } = parts.storage
  return inOrder(takings).flatMap((taking) => [
    ...(taking.sweepTo === undefined
      ? []
      : [
          { guard: BUDGET_GUARD, query: holdQuery(read, taking), rows: 1 },
          { name: 'sweep', query: sweepQuery(read, taking, taking.sweepTo), rows: 'any' as const },
        ]),
    { guard: BUDGET_GUARD, query: takeQuery(read, taking), rows: 1 },
    {
      guard: UNTAKEN_GUARD,
      query: insertUseQuery(read, by.decisionId, taking, by.at),
      rows: 1,
    },
  ])
}

/** Gives back, in the transaction that says a call was not sent, what this decision took, once. */
export async function giveBackSteps(
  parts: Pick<BudgetParts, 'storage'>,
  decisionId: string,
): Promise<Step[]> {
  const { read } = parts.storage
  const uses = await usesOf(read, decisionId)
  return inOrder(uses).flatMap((use) => [
    { guard: TAKEN_GUARD, query: deleteUseQuery(read, decisionId, use), rows: 1 },
    // A standing limit may be gone by now, and of a window the use may have left it.
    { name: 'budget given back', query: giveBackQuery(read, use), rows: 'any' as const },
  ])
}

/** Sorts keys: everyone takes and gives back in one order, so that no two wait for each other. */
export function inOrder<T extends CountKey>(keys: readonly T[]): T[] {
  const countKeyText = ({ owner, name }: CountKey) => `${owner} ${name}`
  return keys.toSorted((a, b) => (countKeyText(a) < countKeyText(b) ? -1 : 1))
}
