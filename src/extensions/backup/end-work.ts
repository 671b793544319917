import { voidRequests } from '../../approvals/access-requests/index.ts'
import { endAllAllowances } from '../../approvals/approvals/index.ts'
import { closeAllTasks, type TaskParts } from '../../tasks/tasks/index.ts'

/** Counts of work that was open when the backup was taken. */
export interface EndedWork {
  readonly tasks: number
  readonly requests: number
  readonly allowances: number
}

/** Closes every task and ends every access request and allowance, with a record of each. */
export async function endOpenWork(parts: TaskParts): Promise<EndedWork> {
  // Tasks last: they would take the others along uncounted.
  const requests = await voidRequests(parts, 'restored')
  const allowances = await endAllAllowances(parts, 'operator')
  const tasks = await closeAllTasks(parts, { by: 'operator', reason: 'restored' })
  return { tasks, requests, allowances }
}
