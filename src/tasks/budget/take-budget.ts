import type { Step } from '../../storage/index.ts'
import type { TaskParts } from '../parts.ts'
import {
  deleteUseQuery,
  giveBackQuery,
  insertUsesQuery,
  type Taking,
  takeQuery,
  usesOf,
} from './budget-store.ts'

/** The name of the guard that fails a `commit` when a limit has less left than the call takes. */
export const BUDGET_STEP = 'take budget'

/** For the transaction that reserves a call: one guarded step per limit, and what was taken. */
export function takeSteps(
  parts: Pick<TaskParts, 'storage'>,
  takings: readonly Taking[],
  decisionId: string,
): Step[] {
  if (takings.length === 0) return []
  const { read } = parts.storage
  return [
    ...inOrder(takings).map((taking) => ({
      name: BUDGET_STEP,
      query: takeQuery(read, taking),
      rows: 1,
    })),
    {
      name: 'budget uses',
      query: insertUsesQuery(read, decisionId, takings),
      rows: takings.length,
    },
  ]
}

/** For the transaction that says a call was not sent: gives back what this decision took, once. */
export async function giveBackSteps(
  parts: Pick<TaskParts, 'storage'>,
  decisionId: string,
): Promise<Step[]> {
  const { read } = parts.storage
  const uses = await usesOf(read, decisionId)
  return inOrder(uses).flatMap((use) => [
    { name: 'budget use', query: deleteUseQuery(read, decisionId, use), rows: 1 },
    { name: 'budget given back', query: giveBackQuery(read, use), rows: 1 },
  ])
}

/** Everyone takes and gives back in one order, so that no two wait for each other. */
function inOrder(takings: readonly Taking[]): Taking[] {
  const keyOf = ({ taskId, name }: Taking) => `${taskId} ${name}`
  return takings.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}
