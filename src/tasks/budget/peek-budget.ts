import type { BudgetPeek } from '@remit/engine'
import type { TaskParts } from '../parts.ts'
import type { Limit, Task } from '../task.ts'
import { amountInWords, amountOf, type Countable, concerns } from './amount.ts'
import { type BudgetState, budgetsOf, type Taking } from './budget-store.ts'

/** What the limits of a task and of all above it say to one call, and what the call would take of them. */
export interface Peeked {
  /** For the gates. */
  readonly peeks: readonly BudgetPeek[]
  /** For `takeSteps`, when every peek says that there is enough left. */
  readonly takings: readonly Taking[]
  /** The calls of the task itself are used up: nothing will ever go through under it again. */
  readonly spent: boolean
}

const NOTHING: Peeked = { peeks: [], takings: [], spent: false }

/**
 * Looks at the budgets that a call falls under: of its task and of every task above. Reads nothing when none of them has
 * one. What is seen here is not yet taken.
 */
export async function peekBudgets(
  parts: Pick<TaskParts, 'storage'>,
  tasks: readonly [own: Task, ...above: readonly Task[]],
  call: Countable,
): Promise<Peeked> {
  const limited = tasks.filter(({ budget }) => budget.some((limit) => concerns(limit, call)))
  if (limited.length === 0) return NOTHING
  const ids = limited.map(({ id }) => id)
  const states = await budgetsOf(parts.storage.read, ids)
  const peeks: BudgetPeek[] = []
  const takings: Taking[] = []
  let spent = false
  for (const task of limited) {
    const own = task.id === tasks[0].id
    for (const limit of task.budget.filter((each) => concerns(each, call))) {
      const state = stateOf(states, task, limit)
      const amount = amountOf(limit, call)
      peeks.push(peekOf(limit, state, amount, own))
      if (amount !== undefined) takings.push({ taskId: task.id, name: limit.name, amount })
      if (own && limit.kind === 'calls' && state.used >= state.most) spent = true
    }
  }
  return { peeks, takings, spent }
}

export function stateOf(states: readonly BudgetState[], task: Task, limit: Limit): BudgetState {
  const state = states.find(({ taskId, name }) => taskId === task.id && name === limit.name)
  if (!state) throw new Error('a limit that nobody counts')
  return state
}

function peekOf(
  limit: Limit,
  { most, used }: BudgetState,
  amount: bigint | undefined,
  own: boolean,
): BudgetPeek {
  const { name } = limit
  const whose = own ? '' : ' together with the tasks around it'
  if (amount === undefined) {
    return {
      name,
      left: false,
      reason: 'budget.uncountable',
      detail: 'the call does not say an amount that can be counted',
      enough: 'a call with an amount of 0 or more where the budget counts',
    }
  }
  const sofar = `${amountInWords(limit, used)} of ${amountInWords(limit, most)} used${whose}`
  const takes = limit.kind === 'sum' ? `, this call takes ${amountInWords(limit, amount)}` : ''
  return { name, left: used + amount <= most, detail: `${sofar}${takes}` }
}
