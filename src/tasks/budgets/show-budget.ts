import { amountInWords, mostOf } from './amount.ts'
import { type CountState, countsOf } from './budget-store.ts'
import type { BudgetedTask, BudgetParts, Limit } from './limit.ts'

/** A limit and how much of it is used, and left, as exact text in the unit in which the limit was given. */
export type LimitUse = Limit & { readonly used: string; readonly left: string }

/** Shows the budget of a task. It counts sent calls, and those that may have been sent. */
export async function budgetUse(
  parts: Pick<BudgetParts, 'storage' | 'clock'>,
  task: BudgetedTask,
): Promise<LimitUse[]> {
  return [...((await budgetUses(parts, [task])).get(task.id) ?? [])]
}

/** Budgets of several tasks at once, by their ids. */
export async function budgetUses(
  parts: Pick<BudgetParts, 'storage' | 'clock'>,
  tasks: readonly BudgetedTask[],
): Promise<ReadonlyMap<string, readonly LimitUse[]>> {
  const limited = tasks.filter(({ budget }) => budget.length > 0)
  const states = await countsOf(
    parts.storage.read,
    limited.map(({ id }) => id),
    parts.clock.now(),
  )
  return new Map(
    limited.map(({ budget, id }) => [id, budget.map((limit) => useOf(limit, id, states))]),
  )
}

/** Shows one limit, by the counts that were read of its owner. */
export function useOf(limit: Limit, owner: string, states: readonly CountState[]): LimitUse {
  const state = states.find((each) => each.owner === owner && each.name === limit.name)
  if (!state) throw new Error('a limit without a count')
  const used = state.counted - state.left
  const most = mostOf(limit)
  const left = used < most ? most - used : 0n
  return { ...limit, used: amountInWords(limit, used), left: amountInWords(limit, left) }
}
